//! Short scripts with expected text (see the kit's `script`).
use ampere_tests::{play, project_root};

macro_rules! scenarios {
    ($($name:ident),* $(,)?) => {
        $(#[test] fn $name() { play(&project_root().join(concat!("tests/scenarios/", stringify!($name), ".script"))) })*

        #[test]
        fn every_script_is_played() {
            let played = [$(stringify!($name)),*];
            for entry in std::fs::read_dir(project_root().join("tests/scenarios")).expect("the directory") {
                let path = entry.expect("an entry").path();
                let name = path.file_stem().and_then(|n| n.to_str()).expect("a name").to_owned();
                let script = path.extension().is_some_and(|e| e == "script");
                assert!(!script || played.contains(&name.as_str()), "{name}.script is not in the list");
            }
        }
    };
}

scenarios!(create_and_noop);
