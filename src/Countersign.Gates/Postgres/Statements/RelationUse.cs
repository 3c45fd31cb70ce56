namespace Countersign.Gates.Postgres.Statements;

/// <summary>One relation that a statement touches, and the rights that it needs there.</summary>
/// <param name="Oid">The relation itself, whatever it will be called when the statement runs.</param>
/// <param name="Name">How it is called now.</param>
/// <param name="Rights">What the server would check before it runs the statement.</param>
internal readonly record struct RelationUse(uint Oid, RelationName Name, RelationRights Rights);

/// <summary>Privileges on a relation, as <c>GRANT</c> names them.</summary>
[Flags]
internal enum RelationRights
{
    None = 0,
    Select = 1,
    Insert = 2,
    Update = 4,
    Delete = 8,
    Truncate = 16,

    /// <summary>Of a sequence: what <c>nextval</c> in a column's default needs.</summary>
    Usage = 32,
}
