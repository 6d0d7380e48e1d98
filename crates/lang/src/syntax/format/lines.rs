//! Lines and their cells: indentation, spaces, alignment.
use std::ops::Range;

use super::Piece;
use super::spaces::space_after;
use crate::syntax::token::TokenKind;

/// A line, cut into cells of pieces that follow each other.
struct Line {
    lead: Range<usize>,
    /// From the equals sign on, if the value ends on this line.
    assign: Range<usize>,
    /// A comment after something else.
    comment: Range<usize>,
}

/// Sets the spaces before every piece.
pub(super) fn lay_out(pieces: &mut [Piece<'_>]) {
    let lines = cut(pieces);
    indent(pieces, &lines);
    for line in &lines {
        space(pieces, line.lead.clone());
        if let Some(first) = pieces[line.assign.clone()].first_mut() {
            first.spaces = 1;
        }
        space(pieces, line.assign.clone());
    }
    align(pieces, &lines, |line| &line.assign, |line| vec![line.lead.clone()]);
    align(pieces, &lines, |line| &line.comment, |line| vec![line.lead.clone(), line.assign.clone()]);
}

fn cut(pieces: &[Piece<'_>]) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut start = 0;
    for (i, piece) in pieces.iter().enumerate() {
        if piece.kind == TokenKind::Eof {
            lines.push(cells(pieces, start..i));
        } else if piece.ends_line() {
            lines.push(cells(pieces, start..i + 1));
            start = i + 1;
        }
    }
    lines
}

fn cells(pieces: &[Piece<'_>], whole: Range<usize>) -> Line {
    let mut lead = whole.clone();
    if whole.len() > 1 && pieces[whole.end - 1].kind == TokenKind::Comment {
        lead.end -= 1;
    }
    let comment = lead.end..whole.end;
    let mut assign = lead.end..lead.end;
    let equals = lead.clone().skip(1).find(|i| pieces[*i].kind == TokenKind::Equal);
    if let Some(equals) = equals {
        let net: isize = pieces[equals..lead.end].iter().map(Piece::bracket_change).sum();
        // Else the value goes on over the next lines.
        if net == 0 {
            assign = equals..lead.end;
            lead.end = equals;
        }
    }
    Line { lead, assign, comment }
}

/// Two spaces for every line around that opened more brackets than it closed, however many those were.
fn indent(pieces: &mut [Piece<'_>], lines: &[Line]) {
    let mut opened: Vec<isize> = Vec::new();
    for line in lines {
        let lead = &pieces[line.lead.clone()];
        let Some(first) = lead.first() else { continue };
        if first.kind == TokenKind::Newline {
            pieces[line.lead.start].spaces = 0;
            continue;
        }
        let heredoc = lead.iter().position(|p| p.kind == TokenKind::OHeredoc).map_or(lead.len(), |at| at + 1);
        let assign = &pieces[line.assign.clone()];
        let net: isize = lead[..heredoc].iter().chain(assign).map(Piece::bracket_change).sum();
        let mut closed = (-net).max(0);
        while closed > 0
            && let Some(last) = opened.last_mut()
        {
            if closed < *last {
                *last -= closed;
                break;
            }
            closed -= *last;
            opened.pop();
        }
        pieces[line.lead.start].spaces = 2 * opened.len();
        if net > 0 {
            opened.push(net);
        }
    }
}

fn space(pieces: &mut [Piece<'_>], cell: Range<usize>) {
    for i in cell.clone().skip(1) {
        let before = (i - 1 > cell.start).then(|| &pieces[i - 2]);
        // `x.0 .1` and `7 .4` without their space are other numbers. (Terraform takes it away.)
        let indexes = pieces[i - 1].kind == TokenKind::Number
            && pieces[i].kind == TokenKind::Dot
            && pieces.get(i + 1).is_some_and(|piece| piece.kind == TokenKind::Number);
        let space = indexes || space_after(&pieces[i - 1], before, &pieces[i]);
        pieces[i].spaces = usize::from(space);
    }
}

/// Puts a cell at the same column in all lines that follow each other and have it.
fn align(
    pieces: &mut [Piece<'_>],
    lines: &[Line],
    cell: impl Fn(&Line) -> &Range<usize>,
    before: impl Fn(&Line) -> Vec<Range<usize>>,
) {
    for chain in lines.chunk_by(|a, b| cell(a).is_empty() == cell(b).is_empty()) {
        if chain.first().is_none_or(|line| cell(line).is_empty()) {
            continue;
        }
        let width = |pieces: &[Piece<'_>], line: &Line| -> usize {
            before(line).into_iter().flat_map(|range| &pieces[range]).map(Piece::columns).sum()
        };
        let widths: Vec<usize> = chain.iter().map(|line| width(pieces, line)).collect();
        let widest = widths.iter().copied().max().unwrap_or(0);
        for (line, width) in chain.iter().zip(widths) {
            pieces[cell(line).start].spaces = widest - width + 1;
        }
    }
}
