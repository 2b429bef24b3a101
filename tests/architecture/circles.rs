//! No module knows, by whatever way round, one that knows it.
//!
//! For each module that has parts, two kinds of thing can know each other: its parts, each with all that is
//! below it, and what the module itself says beside them, its own. A part knows another when it names a path
//! that leads into it, by whatever re-export. It knows the module's own when it names an item of its parent. The
//! module's own knows a part when it names one; to declare it, or to show what it has to others, is not to
//! know it. Then nothing may know itself by way of others.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use crate::paths::{Import, Named, Source, named};

type Path = Vec<String>;

/// What a module says itself, beside its parts.
const OWN: &str = "its own";

/// Who knows whom among the parts of one module, with a place that shows it.
type Acquaintances = BTreeMap<String, BTreeMap<String, String>>;

struct Tree {
    modules: BTreeMap<Path, Named>,
}

impl Tree {
    fn of(sources: &[Source]) -> Self {
        let mut modules: BTreeMap<Path, Named> = BTreeMap::new();
        for source in sources {
            modules.insert(source.module.clone(), named(source));
        }
        let tests: BTreeSet<Path> = modules.values().flat_map(|named| named.test_modules.iter().cloned()).collect();
        modules.retain(|module, _| !tests.iter().any(|test| module.starts_with(test)));
        Self { modules }
    }

    fn is_module(&self, path: &[String]) -> bool {
        self.modules.contains_key(path)
    }

    /// The part of `path` that names a module, and how long it is.
    fn deepest(&self, path: &[String]) -> usize {
        (0..=path.len()).rev().find(|&length| length == 0 || self.is_module(&path[..length])).unwrap_or_default()
    }

    /// Where a name really comes from that a module has from elsewhere.
    fn origin(&self, mut path: Path) -> Path {
        // A name is handed on a few times at most.
        for _ in 0..8 {
            let length = self.deepest(&path);
            let Some(name) = path.get(length) else { break };
            let Some(named) = self.modules.get(&path[..length]) else { break };
            let Some(import) = named.imports.iter().find(|import| import.name == *name) else { break };
            let mut origin = self.absolute(&path[..length], &import.path);
            if origin.is_empty() || origin == path {
                break;
            }
            origin.extend_from_slice(&path[length + 1..]);
            path = origin;
        }
        path
    }

    /// A path that begins with the name of a part of `module` leads there.
    fn absolute(&self, module: &[String], path: &[String]) -> Path {
        let below: Path = module.iter().chain(path.first()).cloned().collect();
        if self.is_module(&below) && !module.is_empty() { [module, path].concat() } else { path.to_vec() }
    }

    /// All that a module names of this crate, but for what it only shows to others.
    fn known(&self, module: &[String], named: &Named) -> BTreeSet<Path> {
        let shown = |import: &&Import| import.shared && !named.words.contains(&import.name);
        let shown: BTreeSet<&Path> = named.imports.iter().filter(shown).map(|import| &import.path).collect();
        let inside = named.inside.iter().filter(|path| !shown.contains(path)).cloned();
        let outside = named.outside.iter().filter(|path| !shown.contains(path));
        let below = outside.map(|path| self.absolute(module, path)).filter(|path| path.starts_with(module));
        inside.chain(below.filter(|_| !module.is_empty())).map(|path| self.origin(path)).collect()
    }
}

/// By module: who among its parts knows whom.
fn acquaintances(sources: &[Source]) -> BTreeMap<Path, Acquaintances> {
    let tree = Tree::of(sources);
    let mut found: BTreeMap<Path, Acquaintances> = BTreeMap::new();
    for (module, named) in &tree.modules {
        for path in tree.known(module, named) {
            let shared = module.iter().zip(&path).take_while(|(a, b)| a == b).count();
            let part = |of: &[String]| -> String {
                let length = tree.deepest(of);
                if length > shared { of[shared].clone() } else { OWN.to_owned() }
            };
            let (from, to) = (part(module), part(&path));
            if from != to && (shared > 0 || to != OWN) {
                let place = format!("{} names {}", module.join("::"), path.join("::"));
                let of = found.entry(module[..shared].to_vec()).or_default();
                of.entry(from).or_default().entry(to).or_insert(place);
            }
        }
    }
    found
}

/// Everybody who can be reached from `start`.
fn reached(graph: &Acquaintances, start: &str) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut waiting = vec![start.to_owned()];
    while let Some(name) = waiting.pop() {
        for next in graph.get(&name).into_iter().flat_map(BTreeMap::keys) {
            if reached.insert(next.clone()) {
                waiting.push(next.clone());
            }
        }
    }
    reached
}

/// The parts of a module that know themselves by way of one another, in the order of the alphabet.
#[derive(Debug)]
pub(crate) struct Circle {
    pub(crate) module: Path,
    pub(crate) names: Vec<String>,
    /// Who knows whom, and where.
    steps: Vec<String>,
}

impl fmt::Display for Circle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "in `{}`: {}\n  {}", self.module.join("::"), self.names.join(", "), self.steps.join("\n  "))
    }
}

pub(crate) fn circles(sources: &[Source]) -> Vec<Circle> {
    let mut found = Vec::new();
    for (module, graph) in acquaintances(sources) {
        let mut seen: BTreeSet<String> = BTreeSet::new();
        for name in graph.keys() {
            let back = reached(&graph, name);
            if seen.contains(name) || !back.contains(name) {
                continue;
            }
            let names: Vec<String> = back.into_iter().filter(|it| reached(&graph, it).contains(name)).collect();
            seen.extend(names.iter().cloned());
            let mut steps = Vec::new();
            for knows in &names {
                let known = graph.get(knows).into_iter().flatten().filter(|(known, _)| names.contains(known));
                steps.extend(known.map(|(known, place)| format!("{knows} -> {known}: {place}")));
            }
            found.push(Circle { module: module.clone(), names, steps });
        }
    }
    found
}
