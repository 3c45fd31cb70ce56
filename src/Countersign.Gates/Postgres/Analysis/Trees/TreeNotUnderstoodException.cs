namespace Countersign.Gates.Postgres.Analysis.Trees;

/// <summary>
/// A tree has a form that this version does not know: the statement is opaque. Another major version of PostgreSQL may
/// write its trees in another way, and a wrong reading would be worse than none.
/// </summary>
internal sealed class TreeNotUnderstoodException(string message) : FormatException(message);
