//! Aggregate, View, Policy, Saga: the pure shapes a business file imports.
