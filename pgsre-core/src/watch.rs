//! The loop that watches servers: read, forecast, judge, tell, remember.
