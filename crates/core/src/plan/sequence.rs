//! Steps in an order that fits, numbered.
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use super::{Operation, Precondition, Step};
use crate::address::Address;

/// A step before it has its place.
pub(super) struct Work {
    pub(super) address: Address,
    pub(super) deposed: Option<Arc<str>>,
    pub(super) operation: Operation,
    pub(super) precondition: Option<Precondition>,
    /// Steps that come first, by their index.
    pub(super) after: Vec<(u32, Strength)>,
}

/// How much an order matters. Orders of the weaker sorts give way where they would make a circle with the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Strength {
    /// An object that is updated may still use the one that is deleted.
    Soft,
    /// An object depended on the other when it was made.
    Remembered,
    /// The configuration needs it.
    Hard,
}

/// Puts steps in order and numbers them; keys are given later, with the plan's id.
pub(super) fn sequence(mut work: Vec<Work>) -> Vec<Step> {
    for item in &mut work {
        item.after.sort_by_key(|(step, strength)| (*step, Reverse(*strength)));
        item.after.dedup_by_key(|(step, _)| *step);
    }
    let order = loop {
        match ordered(&work) {
            Ok(order) => break order,
            Err(order) if !loosen(&mut work) => break order,
            Err(_) => {}
        }
    };
    let mut place = vec![0_u32; work.len()];
    for (new, old) in (0..).zip(&order) {
        place[*old as usize] = new;
    }
    let mut steps: Vec<Option<Work>> = work.into_iter().map(Some).collect();
    let taken = order.iter().filter_map(|old| steps[*old as usize].take());
    (0..).zip(taken).map(|(index, work)| step(index, work, &place)).collect()
}

fn step(index: u32, work: Work, place: &[u32]) -> Step {
    let mut after: Vec<u32> = work.after.iter().map(|(old, _)| place[*old as usize]).collect();
    after.sort_unstable();
    let Work { address, deposed, operation, precondition, .. } = work;
    Step { index, address, deposed, operation, after, precondition, key: String::new() }
}

/// A topological order in which steps stay as near as may be to how they were added. `Err`: the order as far as it goes, then
/// the rest.
fn ordered(work: &[Work]) -> Result<Vec<u32>, Vec<u32>> {
    let mut waits: Vec<usize> = work.iter().map(|w| w.after.len()).collect();
    let mut dependents: Vec<Vec<u32>> = vec![Vec::new(); work.len()];
    for (index, item) in (0..).zip(work) {
        item.after.iter().for_each(|(other, _)| dependents[*other as usize].push(index));
    }
    let free = |index: &u32| waits[*index as usize] == 0;
    let count = u32::try_from(work.len()).unwrap_or(u32::MAX);
    let mut heap: BinaryHeap<Reverse<u32>> = (0..count).filter(free).map(Reverse).collect();
    let mut order = Vec::with_capacity(work.len());
    while let Some(Reverse(index)) = heap.pop() {
        order.push(index);
        for dependent in &dependents[index as usize] {
            waits[*dependent as usize] -= 1;
            if waits[*dependent as usize] == 0 {
                heap.push(Reverse(*dependent));
            }
        }
    }
    if order.len() == work.len() {
        return Ok(order);
    }
    order.extend((0..count).filter(|index| waits[*index as usize] > 0));
    Err(order)
}

/// Takes the weakest orders out of the circles; whether there was one to take.
fn loosen(work: &mut [Work]) -> bool {
    let mut graph: DiGraph<(), ()> = DiGraph::with_capacity(work.len(), work.len());
    work.iter().for_each(|_| {
        graph.add_node(());
    });
    for (index, item) in work.iter().enumerate() {
        for (other, _) in &item.after {
            graph.add_edge(NodeIndex::new(*other as usize), NodeIndex::new(index), ());
        }
    }
    let mut circle = vec![usize::MAX; work.len()];
    for (number, members) in kosaraju_scc(&graph).into_iter().enumerate().filter(|(_, m)| m.len() > 1) {
        members.into_iter().for_each(|i| circle[i.index()] = number);
    }
    let inside = |index: usize, other: u32| circle[index] != usize::MAX && circle[index] == circle[other as usize];
    let weakest = work.iter().enumerate().flat_map(|(index, item)| {
        item.after.iter().filter(move |(other, _)| inside(index, *other)).map(|(_, strength)| *strength)
    });
    let Some(weakest) = weakest.min().filter(|strength| *strength < Strength::Hard) else { return false };
    for (index, item) in work.iter_mut().enumerate() {
        item.after.retain(|(other, strength)| *strength != weakest || !inside(index, *other));
    }
    true
}
