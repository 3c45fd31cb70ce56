using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Countersign.Core;

namespace Countersign.Gates.Postgres;

/// <summary>
/// The prepared statements and portals of a session, by the client's names. SQL's PREPARE and the protocol's Parse
/// share one space of names, as they do in PostgreSQL. A change is undone when the database did not take it.
/// </summary>
internal sealed class Names(PostgresLimits limits, FillRandom random)
{
    private const string Unnamed = "";

    /// <summary>In bytes; its hexadecimal digits leave room for 19 more in a name of PostgreSQL's 63.</summary>
    private const int SecretSize = 16;

    private readonly Dictionary<string, Prepared> _statements = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Portal> _portals = new(StringComparer.Ordinal);
    private readonly string _secret = NewSecret(random);
    private long _last;

    /// <summary>
    /// A name that nothing at the database has: SQL cannot guess which statement it leads to. The unnamed statement
    /// stays unnamed, because the database drops it by rules of its own.
    /// </summary>
    public string ServerNameFor(string name) => name.Length == 0
        ? Unnamed
        : $"countersign_{_secret}{(++_last).ToString(CultureInfo.InvariantCulture)}";

    /// <summary>The same for a statement of the gate's own.</summary>
    public string ServerNameFor(OwnStatement own) => ServerNameOf(own.Name);

    /// <summary>What no statement is ever called: using it is an error, and ends a transaction as one.</summary>
    public string Missing => ServerNameOf("refuses");

    private string ServerNameOf(string own) => $"countersign_{_secret}{own}";

    public bool HasRoom => _statements.Count < limits.Statements && _portals.Count < limits.Statements;

    public bool TryFind(string name, [NotNullWhen(true)] out Prepared? statement) =>
        _statements.TryGetValue(name, out statement);

    public bool TryFindPortal(string name, [NotNullWhen(true)] out Portal? portal) =>
        _portals.TryGetValue(name, out portal);

    public void Put(Prepared statement)
    {
        statement.Replaced = _statements.GetValueOrDefault(statement.Name);
        _statements[statement.Name] = statement;
        if (statement.Name.Length == 0)
        {
            RemoveWaiting(statement.Replaced);
        }
    }

    /// <summary>The database took it, so what had its name before is gone for good.</summary>
    public static void Confirm(Prepared statement) => statement.Replaced = null;

    /// <summary>The database did not take it.</summary>
    public void Undo(Prepared statement)
    {
        if (_statements.GetValueOrDefault(statement.Name) != statement)
        {
            return;
        }

        if (statement.Replaced is { } before)
        {
            _statements[statement.Name] = before;
        }
        else
        {
            _statements.Remove(statement.Name);
        }
    }

    public void Remove(string name) => _statements.Remove(name);

    public void Put(Portal portal) => _portals[portal.Name] = portal;

    public void RemovePortal(string name) => _portals.Remove(name);

    /// <summary>Portals end with their transaction.</summary>
    public void RemovePortals() => _portals.Clear();

    /// <summary>DEALLOCATE ALL and DISCARD ALL.</summary>
    public void RemoveStatements() => _statements.Clear();

    /// <summary>A simple query destroys the unnamed statement and the unnamed portal.</summary>
    public void RemoveUnnamed()
    {
        RemoveWaiting(_statements.GetValueOrDefault(Unnamed));
        _statements.Remove(Unnamed);
        _portals.Remove(Unnamed);
    }

    private static string NewSecret(FillRandom random)
    {
        Span<byte> secret = stackalloc byte[SecretSize];
        random(secret);
        return Convert.ToHexStringLower(secret);
    }

    /// <summary>
    /// A portal that waits here is bound at the database when it runs. By then the unnamed statement there is another
    /// one, and would run in place of what people saw.
    /// </summary>
    private void RemoveWaiting(Prepared? unnamed)
    {
        foreach (var (name, portal) in _portals)
        {
            if (!portal.IsOnServer && portal.Statement == unnamed)
            {
                _portals.Remove(name);
            }
        }
    }
}
