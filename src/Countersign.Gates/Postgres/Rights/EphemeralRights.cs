using System.Collections.Concurrent;
using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Gates.Postgres.Statements;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Countersign.Gates.Postgres.Rights;

/// <summary>
/// <c>mode: ephemeral-role</c>: each session logs in as a role that it has for itself, with the baseline of the target;
/// an approved action adds memberships, and takes them away when it is over.
/// </summary>
internal sealed class EphemeralRights : IRights
{
    private readonly AdminDatabase _database;
    private readonly RightsOptions.EphemeralRole _options;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly RoleName? _owner;
    private readonly Settlement _settlement;
    private readonly NodePresence _presence;
    private readonly AgentRoles _agents;
    private readonly RelationRoles _relations;
    private readonly ActionGrants _grants;
    private readonly LeaseReturn _return;
    private readonly Sweeper _sweeper;

    /// <summary>Those of this node, until the database has them back.</summary>
    private readonly ConcurrentDictionary<LeaseKey, Lease> _leases = new();

    /// <summary>Leases that are over and could not be taken back yet.</summary>
    private readonly ConcurrentDictionary<Lease, bool> _returning = new();

    private EphemeralRights(
        AdminDatabase database, RightsOptions.EphemeralRole options, string node, TimeProvider time, ILogger log)
    {
        _database = database;
        _options = options;
        _time = time;
        _log = log;
        _owner = options.Owner is { } owner ? new RoleName(owner) : null;
        _settlement = new Settlement(database, _owner);
        _presence = new NodePresence(database, node);
        _agents = new AgentRoles(database, options);
        _relations = new RelationRoles(database, options.Grants);
        _grants = new ActionGrants(database, options, log);
        _return = new LeaseReturn(database, options, _settlement);
        _sweeper = new Sweeper(database, _return, log);
    }

    public ImmutableArray<string> Warnings { get; private set; } = [];

    public int PendingRevocations => _grants.Pending;

    /// <summary>
    /// (1) Refuses an admin or roles with which the gate would be pointless; (2) makes what is missing; (3) registers
    /// this node; (4) finishes what nodes left that are gone; (5) notes what the operator should know.
    /// </summary>
    public static async Task<EphemeralRights> StartAsync(
        RightsOptions.EphemeralRole options,
        string node,
        TimeProvider time,
        ILogger log,
        CancellationToken cancellationToken)
    {
        var database = await AdminDatabase.OpenAsync(
            options.AdminConnectionString, options.AdminConnections, cancellationToken);
        var rights = new EphemeralRights(database, options, node, time, log);
        try
        {
            await rights.StartAsync(cancellationToken);
            return rights;
        }
        catch
        {
            await rights.DisposeAsync();
            throw;
        }
    }

    public async Task<Lease> LeaseAsync(CancellationToken cancellationToken)
    {
        for (var isProbing = false; ; isProbing = true)
        {
            var node = await _presence.EnsureAsync(isProbing, cancellationToken);
            try
            {
                return await LeaseAsync(node, cancellationToken);
            }
            catch (PostgresException exception) when (
                exception.SqlState == PostgresErrorCodes.ForeignKeyViolation && !isProbing)
            {
                // Another node took this one for gone and removed it: register again, once.
            }
        }
    }

    public async Task ReturnAsync(Lease lease, CancellationToken cancellationToken)
    {
        try
        {
            await _return.RunAsync(lease.Key, cancellationToken);
            _grants.Forget(lease);
            _returning.TryRemove(lease, out _);
            _leases.TryRemove(lease.Key, out _);
        }
        catch (Exception exception) when (
            exception is NpgsqlException or RightsException or OperationCanceledException)
        {
            _returning[lease] = true;
            _log.ReturnFailed(exception, lease.Login);
        }
    }

    public async Task<ActionGrant> GrantAsync(
        Lease lease,
        ImmutableArray<RelationUse> rights,
        bool needsOwner,
        ActionId action,
        CancellationToken cancellationToken)
    {
        if (needsOwner && _owner is null)
        {
            throw new RightsException(
                "Changing definitions takes the rights of the role that owns the target's objects, and the target "
                + "names none. An operator has to set credentials.owner.");
        }

        var roles = await _relations.ForAsync(lease.Key.Login, rights, cancellationToken);
        return await _grants.GiveAsync(lease, roles, needsOwner ? _owner : null, action, cancellationToken);
    }

    public string? SettlementOf(Lease lease) => _settlement.StatementFor(lease.Key.Login);

    public async Task SettleOwnershipAsync(Lease lease, CancellationToken cancellationToken)
    {
        if (SettlementOf(lease) is { } statement)
        {
            await using var connection = await _database.ConnectAsync(cancellationToken);
            await connection.RunAsync(statement, cancellationToken);
        }
    }

    public async Task<TransactionFate> FateOfAsync(ulong xid, CancellationToken cancellationToken)
    {
        await using var connection = await _database.ConnectAsync(cancellationToken);
        return await TransactionEvidence.FateOfAsync(connection, xid, cancellationToken);
    }

    public async Task<Swept> SweepAsync(CancellationToken cancellationToken)
    {
        var node = await _presence.EnsureAsync(isProbing: true, cancellationToken);
        await _grants.RetryAsync(cancellationToken);
        foreach (var (lease, _) in _returning)
        {
            await ReturnAsync(lease, cancellationToken);
        }

        return await _sweeper.RunAsync(node, _leases.ContainsKey, cancellationToken);
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(_options.SweepEvery, _time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            try
            {
                await SweepAsync(cancellationToken);
            }
            catch (Exception exception) when (exception is NpgsqlException or RightsException)
            {
                // The database is away, or somebody is in the way; the next sweep looks again.
                _log.SweepFailed(exception, _database.Facts.DatabaseName);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _presence.DisposeAsync();
        await _database.DisposeAsync();
    }

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        // (1)
        await using (var connection = await _database.ConnectAsync(cancellationToken))
        {
            var findings = await new RoleAudit(_database.Facts).FindAsync(connection, _options, cancellationToken);
            if (!findings.IsEmpty)
            {
                throw new RightsException(string.Join(Environment.NewLine, findings));
            }

            // (5) What is found here does not depend on what the gate makes.
            Warnings = await FindWarningsAsync(connection, cancellationToken);
        }

        // (2)
        await RightsSchema.EnsureAsync(_database, cancellationToken);
        await _agents.PrepareAsync(cancellationToken);

        // (3), (4)
        await SweepAsync(cancellationToken);
        foreach (var warning in Warnings)
        {
            _log.Warned(_database.Facts.DatabaseName, warning);
        }
    }

    private async Task<ImmutableArray<string>> FindWarningsAsync(
        NpgsqlConnection connection, CancellationToken cancellationToken) =>
    [
        .. await RightsWarnings.FindAsync(connection, _options.Grants, cancellationToken),
        .. _database.Facts.IsSuperuser ? await RightsWarnings.FindTrustAsync(connection, cancellationToken) : [],
    ];

    private async Task<Lease> LeaseAsync(int node, CancellationToken cancellationToken)
    {
        do
        {
            if (await _agents.TryTakeAsync(node, cancellationToken) is { } lease)
            {
                _leases[lease.Key] = lease;
                return lease;
            }
        }
        while (await _agents.TryGrowAsync(cancellationToken));

        throw new RightsException(
            $"All {_options.MostLeases} sessions that the target may have are in use. Close one, or have an operator "
            + "raise its limit.");
    }
}
