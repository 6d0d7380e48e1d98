//! `fmt`: what is tidy stays, what could be read still can, and it says the same.
#![no_main]
use ampere_lang::eval::constant;
use ampere_lang::source::FileId;
use ampere_lang::syntax::ast::Body;
use ampere_lang::syntax::{format, parse_native};
use libfuzzer_sys::fuzz_target;

fn same(a: &Body, b: &Body) {
    assert_eq!((a.attributes.len(), a.blocks.len()), (b.attributes.len(), b.blocks.len()));
    for (a, b) in a.attributes.iter().zip(&b.attributes) {
        assert_eq!(a.name, b.name);
        let ((x, found), (y, found_after)) = (constant(&a.value), constant(&b.value));
        assert_eq!(found.has_errors(), found_after.has_errors(), "{}", a.name);
        assert!(found.has_errors() || x.same(&y), "{}: {x:?} became {y:?}", a.name);
    }
    for (a, b) in a.blocks.iter().zip(&b.blocks) {
        assert_eq!(a.block_type, b.block_type);
        assert!(a.labels.iter().map(|l| &l.text).eq(b.labels.iter().map(|l| &l.text)));
        // The type of a variable is rewritten from an outdated form: `list` becomes `list(any)`.
        if &*a.block_type != "variable" {
            same(&a.body, &b.body);
        }
    }
}

fuzz_target!(|text: &str| {
    let tidy = format(text);
    let (before, findings) = parse_native(FileId(0), text);
    if findings.has_errors() {
        assert_eq!(tidy, text, "a file that cannot be read is left alone");
        return;
    }
    let (after, findings) = parse_native(FileId(0), &tidy);
    assert!(!findings.has_errors(), "it can no longer be read: {findings:?}\n{tidy}");
    assert_eq!(format(&tidy), tidy, "what is tidy stays");
    same(&before, &after);
});
