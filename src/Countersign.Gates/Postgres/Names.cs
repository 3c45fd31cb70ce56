using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Countersign.Core;
using Countersign.Gates.Postgres.Parsing;

namespace Countersign.Gates.Postgres;

/// <summary>
/// The prepared statements and portals of a session, by the client's names. SQL's PREPARE and the protocol's Parse
/// share one space of names, as they do in PostgreSQL. A change that the database did not take has never been.
/// </summary>
internal sealed class Names(PostgresLimits limits, FillRandom random)
{
    private const string Unnamed = "";

    /// <summary>In bytes; its hexadecimal digits leave room for 19 more in a name of PostgreSQL's 63.</summary>
    private const int SecretSize = 16;

    private readonly Dictionary<string, Named> _statements = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Portal> _portals = new(StringComparer.Ordinal);
    private readonly Queue<long> _portalsAtSync = new();

    /// <summary>Those of the present transaction, and the last portal before each.</summary>
    private readonly List<(string Name, long Last)> _savepoints = [];
    private readonly string _secret = NewSecret(random);
    private long _last;
    private long _syncs;
    private long _bound;
    private long _lastAtSync;
    private int _removals;

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

    /// <summary>What all names of the gate's own begin with.</summary>
    public string Prefix => ServerNameOf("");

    /// <summary>The client's name of a statement; <c>null</c> when nothing leads to it any more.</summary>
    public string? FindName(string serverName) => _statements.Values
        .SelectMany(named => named.Changes.Select(change => change.Statement).Append(named.Known))
        .Concat(_portals.Values.Select(portal => portal.Statement))
        .OfType<Prepared>()
        .SelectMany(statement => statement.Executes.Append(statement))
        .FirstOrDefault(statement => statement.ServerName == serverName)?.Name;

    private string ServerNameOf(string own) => $"countersign_{_secret}{own}";

    /// <summary>
    /// Whether what the database knows under any name depends on a DEALLOCATE ALL or DISCARD ALL that is on its way.
    /// </summary>
    public bool IsRemoving => _removals > 0;

    public bool HasRoom => _statements.Count < limits.Statements && _portals.Count < limits.Statements;

    /// <summary>What a name leads to once the database has taken all that is on its way.</summary>
    public bool TryFind(string name, [NotNullWhen(true)] out Prepared? statement)
    {
        statement = _statements.TryGetValue(name, out var named) ? named.Sent : null;
        return statement is not null;
    }

    /// <summary>
    /// Whether it only depends on this pipeline what a name leads to. A change of an earlier one may fail without it.
    /// </summary>
    public bool IsCertain(string name) =>
        _removals == 0
        && (!_statements.TryGetValue(name, out var named)
            || named.Changes is not [.., var last]
            || last.Pipeline == _syncs);

    /// <summary>Whether it only depends on this pipeline that a portal exists.</summary>
    public bool IsCertain(Portal portal) => _portalsAtSync.Count == 0 || portal.Number > _lastAtSync;

    /// <summary>Why nothing can be prepared under a name. There the name is the gate's own, and free.</summary>
    public Refusal? WhyTaken(string name) => name.Length > 0 && TryFind(name, out var _)
        ? new Refusal(Refusal.DuplicateStatement, $"prepared statement \"{name}\" already exists")
        : null;

    public bool TryFindPortal(string name, [NotNullWhen(true)] out Portal? portal) =>
        _portals.TryGetValue(name, out portal);

    /// <summary>A Parse, a Close, a PREPARE or a DEALLOCATE is on its way.</summary>
    /// <param name="name">The client's name.</param>
    /// <param name="statement">What it leads to afterwards; <c>null</c> when it is closed.</param>
    public NameChange Send(string name, Prepared? statement)
    {
        RemoveWaiting(Find(name).Sent);
        var change = new NameChange(this, name, statement) { Pipeline = _syncs };
        Find(name).Changes.Add(change);
        return change;
    }

    public void Put(Portal portal)
    {
        portal.Number = ++LastPortal;
        portal.Replaced = _portals.GetValueOrDefault(portal.Name);
        _portals[portal.Name] = portal;
    }

    public void RemovePortal(string name) => _portals.Remove(name);

    /// <summary>The database, or the gate in its place, has bound the next portal.</summary>
    public void OnBound()
    {
        _bound++;
        for (var portal = _portals.GetValueOrDefault(Unnamed); portal is not null; portal = portal.Replaced)
        {
            if (portal.Number == _bound)
            {
                portal.Replaced = null;
            }
        }
    }

    /// <summary>The next portal was not bound, and an unnamed one before it is gone.</summary>
    public void OnUnbound() => Unbind(isEarlierKept: false);

    /// <summary>The database never looked at the next Bind.</summary>
    public void OnDropped() => Unbind(isEarlierKept: true);

    private void Unbind(bool isEarlierKept)
    {
        _bound++;
        foreach (var (name, last) in _portals)
        {
            Portal? later = null;
            for (var portal = last; portal is not null; (later, portal) = (portal, portal.Replaced))
            {
                if (portal.Number == _bound)
                {
                    Replace(name, later, isEarlierKept ? portal.Replaced : null);
                    return;
                }
            }
        }
    }

    /// <param name="name">The portals' name.</param>
    /// <param name="later">The one that was bound after the one that goes; <c>null</c> when that was the last.</param>
    /// <param name="earlier">The one that takes its place.</param>
    private void Replace(string name, Portal? later, Portal? earlier)
    {
        if (later is not null)
        {
            later.Replaced = earlier;
        }
        else if (earlier is not null)
        {
            _portals[name] = earlier;
        }
        else
        {
            _portals.Remove(name);
        }
    }

    /// <summary>How many portals there were so far.</summary>
    public long LastPortal { get; private set; }

    /// <summary>A Sync is on its way: portals that are bound after it outlive it.</summary>
    public void OnSync()
    {
        _syncs++;
        _lastAtSync = LastPortal;
        _portalsAtSync.Enqueue(_lastAtSync);
    }

    /// <summary>The answer to the oldest Sync on its way.</summary>
    /// <returns>How many portals there were when it was sent.</returns>
    public long OnReady() => _portalsAtSync.Dequeue();

    /// <summary>Portals and savepoints end with their transaction.</summary>
    /// <param name="last">Later ones belong to another transaction.</param>
    public void RemovePortals(long last)
    {
        _savepoints.Clear();
        RemovePortals(after: 0, last);
    }

    /// <summary>
    /// What a statement about the transaction does to portals and savepoints once the database has done it; portals
    /// that are bound behind it are none of its business.
    /// </summary>
    public Action DoneOf(Parsed.Transaction statement)
    {
        var last = LastPortal;
        return (statement.Verb, statement.Name) switch
        {
            (TransactionVerb.Commit or TransactionVerb.Rollback, _) => () => RemovePortals(last),
            (TransactionVerb.Savepoint, { } name) => () => OnSavepoint(name, last),
            (TransactionVerb.Release, { } name) => () => OnRelease(name),
            (TransactionVerb.RollbackTo, { } name) => () => OnRollbackTo(name, last),
            _ => static () => { },
        };
    }

    private void OnSavepoint(string name, long last)
    {
        if (_savepoints.Count < limits.Statements)
        {
            _savepoints.Add((name, last));
        }
    }

    /// <summary>What was bound behind the savepoint belongs to what is around it.</summary>
    private void OnRelease(string name)
    {
        if (_savepoints.FindLastIndex(one => one.Name == name) is var at and >= 0)
        {
            _savepoints.RemoveRange(at, _savepoints.Count - at);
        }
    }

    /// <summary>Portals that were bound behind the savepoint are gone.</summary>
    private void OnRollbackTo(string name, long last)
    {
        if (_savepoints.FindLastIndex(one => one.Name == name) is var at and >= 0)
        {
            _savepoints.RemoveRange(at + 1, _savepoints.Count - at - 1);
            RemovePortals(_savepoints[at].Last, last);
        }
    }

    private void RemovePortals(long after, long last)
    {
        foreach (var (name, portal) in _portals)
        {
            if (portal.Number > after && portal.Number <= last)
            {
                _portals.Remove(name);
            }
            else if (portal.Replaced is { } earlier && earlier.Number > after && earlier.Number <= last)
            {
                portal.Replaced = null;
            }
        }
    }

    /// <summary>Whether a portal would be lost there with its transaction.</summary>
    public bool HasPortalAtDatabase => _portals.Values.Any(portal => portal.IsOnServer);

    /// <summary>
    /// Until it is disposed the database ends a transaction that the client does not know of; its portals stay.
    /// </summary>
    public KeptPortals KeepPortals() => new(_portals);

    /// <summary>DEALLOCATE ALL or DISCARD ALL is on its way.</summary>
    public void OnRemoval() => _removals++;

    /// <summary>The database did not do it.</summary>
    public void OnNoRemoval() => _removals--;

    /// <summary>It did it; the unnamed statement stays.</summary>
    public void RemoveStatements()
    {
        _removals--;
        foreach (var (name, named) in _statements)
        {
            if (name.Length > 0)
            {
                RemoveWaiting(named.Known);
                named.Known = null;
                Forget(name);
            }
        }
    }

    /// <summary>A simple query destroys the unnamed statement and the unnamed portal.</summary>
    public void RemoveUnnamed()
    {
        RemoveWaiting(Find(Unnamed).Sent);
        _statements.Remove(Unnamed);
        _portals.Remove(Unnamed);
    }

    /// <summary>The database answered to a change, or will not look at it.</summary>
    internal void End(NameChange change, bool isKnown, Prepared? known)
    {
        // A simple query may have destroyed the unnamed statement meanwhile.
        if (_statements.TryGetValue(change.Name, out var named) && named.Changes.Remove(change))
        {
            named.Known = isKnown ? known : named.Known;
            Forget(change.Name);
        }
    }

    private Named Find(string name)
    {
        if (!_statements.TryGetValue(name, out var named))
        {
            _statements[name] = named = new Named();
        }

        return named;
    }

    /// <summary>Names that lead to nothing do not count against the limit.</summary>
    private void Forget(string name)
    {
        if (_statements.TryGetValue(name, out var named) && named is { Known: null, Changes.Count: 0 })
        {
            _statements.Remove(name);
        }
    }

    private static string NewSecret(FillRandom random)
    {
        Span<byte> secret = stackalloc byte[SecretSize];
        random(secret);
        return Convert.ToHexStringLower(secret);
    }

    /// <summary>
    /// A portal that waits here is bound at the database when it runs. By then its statement is gone there, and another
    /// one that is unnamed as well would run in place of what people saw.
    /// </summary>
    private void RemoveWaiting(Prepared? gone)
    {
        foreach (var (name, portal) in _portals)
        {
            if (!portal.IsOnServer && portal.Statement == gone)
            {
                _portals.Remove(name);
            }
        }
    }

    /// <summary>What the database has under a name, and what is on its way to it.</summary>
    private sealed class Named
    {
        public Prepared? Known { get; set; }

        public List<NameChange> Changes { get; } = new(capacity: 1);

        public Prepared? Sent => Changes.Count > 0 ? Changes[^1].Statement : Known;
    }
}

/// <summary>A change of a name that the database has not acknowledged yet.</summary>
internal sealed class NameChange(Names names, string name, Prepared? statement)
{
    public string Name => name;

    public Prepared? Statement => statement;

    /// <summary>How many Syncs were sent before it.</summary>
    public required long Pipeline { get; init; }

    public void Confirm() => names.End(this, isKnown: true, statement);

    /// <summary>An error came before it, so the database never looked at it.</summary>
    public void Drop() => names.End(this, isKnown: false, known: null);

    /// <summary>An error came to it. A Parse of the unnamed statement destroys the one before even then.</summary>
    public void Fail() => names.End(this, isKnown: name.Length == 0, known: null);
}

/// <summary>Portals that outlive a transaction of the gate's own.</summary>
internal readonly struct KeptPortals(Dictionary<string, Portal> portals) : IDisposable
{
    private readonly KeyValuePair<string, Portal>[] _kept = [.. portals];

    public void Dispose()
    {
        foreach (var (name, portal) in _kept)
        {
            portals[name] = portal;
        }
    }
}
