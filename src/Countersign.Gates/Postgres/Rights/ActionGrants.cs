using System.Collections.Concurrent;
using System.Collections.Immutable;
using Countersign.Core.Actions;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Countersign.Gates.Postgres.Rights;

/// <summary>Gives memberships to the session of one action, and takes them back.</summary>
internal sealed class ActionGrants(AdminDatabase database, RightsOptions.EphemeralRole options, ILogger log)
{
    private readonly ConcurrentDictionary<ActionGrant, Lease> _pending = new();

    /// <summary>Those that are over and may still have effect.</summary>
    public int Pending => _pending.Count;

    public async Task<ActionGrant> GiveAsync(
        Lease lease,
        ImmutableArray<RoleName> roles,
        RoleName? owner,
        ActionId action,
        CancellationToken cancellationToken)
    {
        await lease.Turn.WaitAsync(cancellationToken);
        try
        {
            if (lease.IsTainted)
            {
                throw new RightsException(
                    "The rights of an earlier action could not be taken back from this session yet, so it gets no "
                    + "more. Connect again.");
            }

            var all = owner is { } role ? roles.Add(role) : roles;
            var grant = new ActionGrant(lease.Key, ++lease.Grants_NeedsTurn, all, ended => EndAsync(lease, ended));
            await GiveAsync(lease, grant, owner, action, cancellationToken);
            foreach (var given in all)
            {
                lease.Held_NeedsTurn[given] = lease.Held_NeedsTurn.GetValueOrDefault(given) + 1;
            }

            return grant;
        }
        finally
        {
            lease.Turn.Release();
        }
    }

    /// <summary>Another try at each end that failed; answers how many are left.</summary>
    public async Task<int> RetryAsync(CancellationToken cancellationToken)
    {
        foreach (var (grant, lease) in _pending)
        {
            await lease.Turn.WaitAsync(cancellationToken);
            try
            {
                if (await TryRevokeAsync(lease, grant, tries: 1))
                {
                    _pending.TryRemove(grant, out _);
                    lease.IsTainted = _pending.Values.Contains(lease);
                }
            }
            finally
            {
                lease.Turn.Release();
            }
        }

        return _pending.Count;
    }

    /// <summary>A lease that was taken back has nothing left to revoke.</summary>
    public void Forget(Lease lease)
    {
        foreach (var (grant, _) in _pending.Where(pending => pending.Value == lease))
        {
            _pending.TryRemove(grant, out _);
        }
    }

    private async Task GiveAsync(
        Lease lease, ActionGrant grant, RoleName? owner, ActionId action, CancellationToken cancellationToken)
    {
        if (grant.Roles.IsEmpty)
        {
            return;
        }

        try
        {
            await using var connection = await database.ConnectAsync(cancellationToken);
            await connection.RunAllAsync(Commands(grant, owner, action), cancellationToken);
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.ForeignKeyViolation)
        {
            throw new RightsException(
                $"The session's login '{lease.Login}' was taken back, because its node seemed to be gone. Connect "
                + "again.",
                exception);
        }
        catch (Exception exception) when (exception is not PostgresException)
        {
            // Whether the server went through with it is not known, so it has to be ended as if it had.
            await EndOrNoteAsync(lease, grant);
            throw;
        }
    }

    /// <summary>
    /// One round trip and one transaction. The row comes first: its foreign key refuses a lease that is no more, and
    /// holds off whoever wants to take this one back until the memberships are there to be seen.
    /// </summary>
    private IEnumerable<NpgsqlBatchCommand> Commands(ActionGrant grant, RoleName? owner, ActionId action)
    {
        var row = new NpgsqlBatchCommand(
            """
            INSERT INTO countersign.action_grant (login, generation, number, action, role, expires)
            SELECT $1, $2, $3, $4, role, clock_timestamp() + $5 FROM unnest($6::text[]) AS role
            """);
        object[] parameters =
        [
            grant.Lease.Login.Value,
            grant.Lease.Generation,
            grant.Number,
            action.Value,
            options.ActionWithin,
            grant.Roles.Select(role => role.Value).ToArray(),
        ];
        foreach (var value in parameters)
        {
            row.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        yield return row;
        var login = grant.Lease.Login.Quoted;
        var relations = grant.Roles.Where(role => role != owner).ToList();
        if (relations.Count > 0)
        {
            yield return new NpgsqlBatchCommand($"GRANT {Sql.List(relations)} TO {login}{database.InheritOnly}");
        }

        if (owner is { } role)
        {
            // From 16 on only who may put a role on may give it what they made.
            yield return new NpgsqlBatchCommand($"GRANT {role.Quoted} TO {login}{database.InheritAndSet}");
        }
    }

    private async Task EndAsync(Lease lease, ActionGrant grant)
    {
        await lease.Turn.WaitAsync(CancellationToken.None);
        try
        {
            foreach (var role in grant.Roles)
            {
                lease.Held_NeedsTurn[role]--;
            }

            await EndOrNoteAsync(lease, grant);
        }
        finally
        {
            lease.Turn.Release();
        }
    }

    private async Task EndOrNoteAsync(Lease lease, ActionGrant grant)
    {
        if (!await TryRevokeAsync(lease, grant, options.RevocationTries))
        {
            lease.IsTainted = true;
            _pending[grant] = lease;
        }
    }

    /// <summary>
    /// The lease's row is looked at in the same statement: once it was taken back, the membership with that name may
    /// be another session's.
    /// </summary>
    private async Task<bool> TryRevokeAsync(Lease lease, ActionGrant grant, int tries)
    {
        if (grant.Roles.IsEmpty)
        {
            return true;
        }

        var over = grant.Roles.Where(role => lease.Held_NeedsTurn.GetValueOrDefault(role) == 0).ToList();
        var login = grant.Lease.Login;
        var revoke = over.Count == 0 ? "" : $"REVOKE {Sql.List(over)} FROM {login.Quoted};";
        var body =
            $"""
            BEGIN
                PERFORM FROM countersign.lease
                WHERE login = {Sql.Literal(login.Value)} AND generation = {grant.Lease.Generation} FOR KEY SHARE;
                IF FOUND THEN
                    DELETE FROM countersign.action_grant
                    WHERE login = {Sql.Literal(login.Value)} AND number = {grant.Number};
                    {revoke}
                END IF;
            END
            """;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                // Not cancelled by whoever asked for the action: what was given has to end.
                await using var connection = await database.ConnectAsync(CancellationToken.None);
                await connection.RunAsync($"DO {Sql.Literal(body)}", CancellationToken.None);
                return true;
            }
            catch (NpgsqlException exception)
            {
                if (attempt >= tries)
                {
                    log.RevocationFailed(exception, login.Value);
                    return false;
                }
            }
        }
    }
}
