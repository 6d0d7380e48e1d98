//! Our parser against another one of the same language: `hcl-edit`, which knows nothing of ours.
//!
//! Both trees are written as the same text and compared. Where the two differ on purpose stands in [`differences`].
mod differences;
mod ours;
mod shape;
mod snippets;
mod theirs;

use std::path::{Path, PathBuf};

fn compare(text: &str) -> Result<(), String> {
    match (ours::shape(text), theirs::shape(text)) {
        (Ok(ours), Ok(theirs)) if ours == theirs => Ok(()),
        (ours, theirs) => Err(format!("{text}\nours:   {ours:?}\ntheirs: {theirs:?}\n")),
    }
}

#[test]
fn both_read_the_same_out_of_every_snippet() {
    assert!(snippets::EXPRESSIONS.len() + snippets::FILES.len() >= 60);
    let expressions = snippets::EXPRESSIONS.iter().map(|expression| format!("x = {expression}\n"));
    let files = snippets::FILES.iter().map(|file| (*file).to_owned());
    let failures: Vec<String> = expressions.chain(files).filter_map(|text| compare(&text).err()).collect();
    assert!(failures.is_empty(), "{} differ:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn both_refuse_what_is_no_configuration() {
    for text in snippets::REFUSED {
        assert!(ours::shape(text).is_err(), "ours takes {text:?}");
        assert!(theirs::shape(text).is_err(), "theirs takes {text:?}");
    }
}

#[test]
fn both_read_the_same_out_of_every_example() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let mut files = Vec::new();
    collect(&examples, &mut files);
    assert!(files.len() >= 6, "{files:?}");
    for file in files {
        compare(&std::fs::read_to_string(&file).unwrap()).unwrap_or_else(|e| panic!("{}\n{e}", file.display()));
    }
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "tf") {
            files.push(path);
        }
    }
}
