//! What becomes of views, domains and what stands on tables.

use super::super::super::statement::{
    DomainChange, PublicationChange, RuleChange, RuleKind, Statement,
};
use super::super::name::within;
use super::super::{Attached, Domain, Schema};
use crate::postgres::quote_identifier;

impl Schema {
    pub(super) fn apply_view(&mut self, statement: &Statement) {
        match statement {
            Statement::CreateMaterializedView { name, words } => {
                self.tables.entry(name.clone()).or_default().is_known = true;
                self.create_view(name, words);
            }
            Statement::CreateView { name, words, .. } => self.create_view(name, words),
            Statement::DropView { views, cascade, .. } => {
                for view in views {
                    let over = if *cascade { self.views_over(view, None) } else { Vec::new() };
                    over.iter().chain([view]).for_each(|view| self.forget(view));
                }
            }
            Statement::DropSchema { schemas, cascade: true } => {
                for schema in schemas {
                    let tables = self.tables_of(Some(schema)).into_iter();
                    let gone: Vec<String> = tables.chain(self.views_of(schema)).collect();
                    gone.iter().for_each(|name| self.drop_table(name, true));
                }
            }
            _ => {}
        }
    }

    /// One that is replaced is not new.
    fn create_view(&mut self, name: &str, words: &[String]) {
        if self.views.insert(name.to_owned(), words.iter().cloned().collect()).is_none() {
            self.new.insert(name.to_owned());
        }
    }

    pub(super) fn apply_type(&mut self, statement: &Statement) {
        match statement {
            Statement::CreateDomain { name, base, checks, not_null } => {
                let domain = Domain {
                    base: base.clone(),
                    checks: checks.iter().cloned().collect(),
                    not_null: *not_null,
                };
                self.domains.insert(name.clone(), domain);
            }
            Statement::AlterDomain { name, change } => self.alter_domain(name, change),
            Statement::DropType { types, .. } => {
                for name in types {
                    self.domains.remove(name);
                    let columns = self.tables.values_mut().map(|table| &mut table.columns);
                    columns.for_each(|columns| columns.retain(|_, one| one.data_type != *name));
                }
            }
            _ => {}
        }
    }

    fn alter_domain(&mut self, name: &str, change: &DomainChange) {
        if let DomainChange::Rename { to } = change {
            let to = within(name.rsplit_once('.').map(|(schema, _)| schema), to);
            let columns = self.tables.values_mut().flat_map(|table| table.columns.values_mut());
            columns.filter(|column| column.data_type == name).for_each(|column| {
                column.data_type.clone_from(&to);
                column.written = written_name(&to);
            });
            if let Some(domain) = self.domains.remove(name) {
                self.domains.insert(to, domain);
            }
            return;
        }
        let domain = self.domains.entry(name.to_owned()).or_default();
        match change {
            DomainChange::AddCheck { name, .. } => {
                domain.checks.insert(name.clone());
            }
            DomainChange::DropConstraint { name } => {
                domain.checks.remove(name);
            }
            DomainChange::SetNotNull => domain.not_null = true,
            DomainChange::DropNotNull => domain.not_null = false,
            DomainChange::Validate | DomainChange::Rename { .. } | DomainChange::Catalogue => {}
        }
    }

    pub(super) fn apply_attached(&mut self, statement: &Statement) {
        match statement {
            Statement::CreateTrigger { name, table, function, events, columns, each_row } => {
                let attached = Attached {
                    kind: RuleKind::Trigger,
                    table: table.clone(),
                    name: name.clone(),
                    events: events.clone(),
                    columns: columns.clone(),
                    each_row: *each_row,
                    fires: true,
                    function: Some(function.clone()),
                };
                self.attach(attached);
            }
            Statement::ChangeRules { kind, table, name, change } => match change {
                RuleChange::Create { events } => {
                    self.attach(Attached {
                        kind: *kind,
                        table: table.clone(),
                        name: name.clone(),
                        events: events.clone(),
                        columns: Vec::new(),
                        each_row: false,
                        fires: *kind == RuleKind::Rule,
                        function: None,
                    });
                }
                RuleChange::Drop { .. } => {
                    self.attached.retain(|one| !one.is(*kind, table, name));
                }
                RuleChange::Rename { to } => {
                    let own = self.attached.iter_mut();
                    own.filter(|one| one.is(*kind, table, name))
                        .for_each(|one| one.name.clone_from(to));
                }
                RuleChange::Alter => {}
            },
            Statement::DropFunction { functions, .. } => {
                let gone = |one: &Attached| {
                    one.function.as_ref().is_some_and(|function| functions.contains(function))
                };
                self.attached.retain(|one| !gone(one));
                // Of several of one name it is not known which is dropped: that no longer counts nobody.
                self.functions.retain(|name, known| known.len() > 1 || !functions.contains(name));
            }
            Statement::ChangePublication { name, tables, change } => {
                let published = self.publications.entry(name.clone()).or_default();
                match change {
                    PublicationChange::Add => published.extend(tables.iter().cloned()),
                    PublicationChange::Set => *published = tables.iter().cloned().collect(),
                    PublicationChange::Drop => published.retain(|table| !tables.contains(table)),
                }
            }
            _ => {}
        }
    }

    fn attach(&mut self, attached: Attached) {
        let Attached { kind, table, name, .. } = &attached;
        self.attached.retain(|one| !one.is(*kind, table, name));
        self.attached.push(attached);
    }
}

/// A type's name as SQL.
fn written_name(name: &str) -> String {
    name.split('.').map(quote_identifier).collect::<Vec<_>>().join(".")
}
