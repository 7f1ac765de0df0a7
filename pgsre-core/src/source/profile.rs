//! The credentials and configuration files that the AWS command line writes.
//!
//! Static keys, region and endpoint of one profile. Roles, single sign-on and credential processes
//! are not followed.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::url::invalid;
use super::{Environment, SourceError};

/// One profile's settings by their names in the files.
pub(super) type Profile = BTreeMap<String, String>;

/// Reads the profile that `AWS_PROFILE` names, else `default`.
///
/// # Errors
/// Where `AWS_PROFILE` names a profile that no file has.
pub(super) fn read(environment: &Environment) -> Result<Profile, SourceError> {
    let named = environment.value("AWS_PROFILE");
    let name = named.unwrap_or("default");
    let mut profile = section(&text(environment, "AWS_CONFIG_FILE", "config"), name);
    profile.extend(section(&text(environment, "AWS_SHARED_CREDENTIALS_FILE", "credentials"), name));
    if profile.is_empty() && named.is_some() {
        return Err(invalid(format!("AWS_PROFILE names {name:?}, which no AWS file has")));
    }
    Ok(profile)
}

fn text(environment: &Environment, variable: &str, file: &str) -> String {
    let standard = || Some(PathBuf::from(environment.value("HOME")?).join(".aws").join(file));
    let path = environment.value(variable).map(PathBuf::from).or_else(standard);
    path.and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default()
}

/// The settings of `[name]` or `[profile name]`; indented lines belong to a nested table.
fn section(text: &str, name: &str) -> Profile {
    let mut inside = false;
    let mut settings = Profile::new();
    for line in text.lines() {
        if let Some(title) = line.trim().strip_prefix('[') {
            let title = title.trim_end_matches(']').trim();
            inside = title.strip_prefix("profile ").map_or(title, str::trim) == name;
        } else if inside
            && !line.starts_with([' ', '\t', '#', ';'])
            && let Some((key, value)) = line.split_once('=')
        {
            settings.insert(key.trim().to_ascii_lowercase(), value.trim().to_owned());
        }
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "[default]\naws_access_key_id = A\ns3 =\n  region = no\n# x = y\n\
                        [profile two]\nregion=eu-central-1\n";

    #[test]
    fn each_profile_has_its_own_settings() {
        assert_eq!(
            section(FILE, "default").get("aws_access_key_id").map(String::as_str),
            Some("A")
        );
        assert_eq!(section(FILE, "default").get("region"), None);
        assert_eq!(section(FILE, "two").get("region").map(String::as_str), Some("eu-central-1"));
        assert!(section(FILE, "three").is_empty());
    }

    #[test]
    fn a_profile_that_is_named_but_absent_is_an_error() {
        let nowhere = [("AWS_PROFILE", "prod"), ("HOME", "/nonexistent")];
        assert!(read(&Environment::from_iter(nowhere)).is_err());
        assert!(read(&Environment::from_iter([("HOME", "/nonexistent")])).is_ok());
    }
}
