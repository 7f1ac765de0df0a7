//! What migration files hold beside SQL, replaced by blanks so that every byte keeps its place.

/// Blanks a byte order mark, psql's commands, the data of COPY, and the "down" half of a file.
pub(super) fn blank_what_is_not_sql(text: &str) -> String {
    let mut sql = String::with_capacity(text.len());
    let (mut data, mut down, mut quoted) = (false, false, false);
    for line in text.split_inclusive('\n') {
        let bare = line.trim().trim_start_matches('\u{feff}').to_lowercase();
        down = (down || starts_down(&bare)) && !starts_up(&bare);
        let command = !quoted && bare.starts_with('\\');
        if data || down || command {
            blank(line, &mut sql);
            data = data && bare != "\\.";
            continue;
        }
        if bare.matches("$$").count() % 2 == 1 {
            quoted = !quoted;
        }
        data = !quoted && bare.starts_with("copy ") && bare.ends_with("from stdin;");
        if data { blank(line, &mut sql) } else { sql.push_str(&line.replace('\u{feff}', "   ")) }
    }
    sql
}

fn starts_down(line: &str) -> bool {
    ["-- migrate:down", "-- +goose down", "-- +migrate down", "-- !downs"]
        .iter()
        .any(|mark| line.starts_with(mark))
}

fn starts_up(line: &str) -> bool {
    ["-- migrate:up", "-- +goose up", "-- +migrate up", "-- !ups"]
        .iter()
        .any(|mark| line.starts_with(mark))
}

fn blank(line: &str, sql: &mut String) {
    for byte in line.bytes() {
        sql.push(if byte == b'\n' { '\n' } else { ' ' });
    }
}
