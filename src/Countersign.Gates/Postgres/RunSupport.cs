using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Countersign.Gates.Postgres.Rights;
using Countersign.Gates.Postgres.Statements;
using Countersign.Gates.Postgres.Wire;
using Npgsql;

namespace Countersign.Gates.Postgres;

/// <summary>What a run needs from around it: rights, a second look, evidence, and a way to end it early.</summary>
internal sealed class RunSupport(SessionState session)
{
    /// <summary>A transaction's id of 64 bits, as <c>pg_xact_status</c> takes it.</summary>
    public const string EvidenceKind = "postgresql-transaction";

    /// <summary>
    /// How much later than this gate the server gives up: first who can say why, then who is sure to be there.
    /// </summary>
    private static readonly TimeSpan s_serverGrace = TimeSpan.FromSeconds(1);

    private readonly PostgresTarget _database = session.Visitor.Database;

    /// <summary>The session's own time limit in milliseconds; <c>null</c> while it is in force.</summary>
    private string? _limitBefore;

    /// <summary>
    /// Why what was approved is not what would run now; <c>null</c> when it still is. Definitions may have changed
    /// while people thought about it.
    /// </summary>
    public async Task<Refusal?> WhyChangedAsync(RunnableStatement statement, CancellationToken cancellationToken)
    {
        if (statement.Effects.Catalog is null)
        {
            return null;
        }

        var meaning = await session.MeaningAsync(cancellationToken);
        var again = await _database.Statements.ReadAfreshAsync(statement, meaning, cancellationToken);
        var now = StatementTexts.EffectsOf(again);
        foreach (var executed in statement.Executes)
        {
            now = now.Then(StatementTexts.EffectsOf(
                await _database.Statements.ReadAfreshAsync(executed, meaning, cancellationToken)));
        }

        if (statement.Effects.Opaque is null && now.Opaque is { } unseen)
        {
            return new Refusal(
                Refusal.ConnectionFailure, "The statement could not be looked at once more before it ran.")
            {
                Detail = unseen,
                Hint = "Nothing was sent. Send it again when the database can be reached; it has to be approved again.",
            };
        }

        return now.Catalog == statement.Effects.Catalog
            ? null
            : new Refusal(Refusal.InsufficientPrivilege, "The database changed since this statement was approved.")
            {
                Detail = "A definition that it depends on is another one now, so it would do something else.",
                Hint = "Send it again: what it would do now is looked at, and approved if need be.",
            };
    }

    /// <summary>
    /// The same once it ran, before it is committed: between the first look and its locks, and while it waited for
    /// them, somebody else may have changed what it runs. A statement that changes definitions itself has them locked,
    /// so nobody else could.
    /// </summary>
    public async Task<Refusal?> WhyChangedMeanwhileAsync(ActionRecord record, RunnableStatement statement) =>
        record.WasHeld
            && statement.Effects is { NeedsOwner: false, DeferredCode: false, Opaque: null }
            && session.Backend.Transaction != TransactionStatus.Failed
            && !statement.Effects.Locks.Any(static held => !held.StartsWith("ROW ", StringComparison.Ordinal))
            ? await WhyChangedAsync(statement, CancellationToken.None)
            : null;

    /// <summary>
    /// A transaction that is open does not see by itself that rights came or went; a text that is analysed makes it
    /// look.
    /// </summary>
    public void NoticeRights()
    {
        if (session.Backend.Transaction == TransactionStatus.InTransaction)
        {
            session.SendBarrier();
        }
    }

    /// <summary>
    /// Has the server keep the bound of time as well, in its own transaction: it goes on with a statement whose gateway
    /// has died, and nobody else would stop it.
    /// </summary>
    public async Task LimitAsync(ActionRecord record, RunPlan plan)
    {
        if (record.TimeCeiling is { } bound && !plan.IsRehearsal && plan.Statement.MayFollow)
        {
            var answer = new AwaitedAnswer();
            session.SendOwn(OwnStatement.Limit(bound + s_serverGrace), answer);
            session.Backend.Out.WriteFlush();
            await session.Backend.SettleAsync(CancellationToken.None);
            _limitBefore = session.Backend.IsSkipping ? null : answer.Values is [var before, ..] ? before : null;
        }
    }

    /// <summary>What comes next in the client's own transaction has the limit that its client gave it.</summary>
    public void EndLimit()
    {
        if (_limitBefore is { } before)
        {
            _limitBefore = null;
            session.SendOwn(OwnStatement.LimitAgain(before));
        }
    }

    /// <summary>
    /// Takes the rights back. What ran may have put on a role, which outlives its membership; and a session whose
    /// rights could not be taken back runs nothing more.
    /// </summary>
    public async Task EndRightsAsync(ActionGrant rights, Effects effects)
    {
        await rights.DisposeAsync();
        session.IsLost |= session.Lease.IsTainted;
        if (session.IsLost || session.Backend.IsSkipping || session.Backend.Transaction == TransactionStatus.Failed)
        {
            return;
        }

        await session.AskApartAsync(
            () =>
            {
                NoticeRights();
                if (effects is { Impure: not null } or { Opaque: not null } or { NeedsOwner: true })
                {
                    session.SendOwn(OwnStatement.ResetRole);
                }
            },
            CancellationToken.None);
    }

    /// <summary>What gives new objects to the target's owner; <c>null</c> where nobody owns them in common.</summary>
    public OwnStatement? Settlement => _database.Rights.SettlementOf(session.Lease) is { } text
        ? new OwnStatement("settle", text)
        : null;

    public async Task<(ActionGrant? Rights, Refusal? WhyNone)> AddRightsAsync(
        Effects effects, ActionId action, CancellationToken cancellationToken)
    {
        try
        {
            var grant = await _database.Rights.GrantAsync(
                session.Lease, effects.Rights, effects.NeedsOwner, action, cancellationToken);
            return (grant, null);
        }
        catch (Exception failure) when (failure is RightsException or NpgsqlException or OperationCanceledException)
        {
            return (null, new Refusal(Refusal.InsufficientPrivilege, "The rights for this statement could not be made.")
            {
                Detail = failure.Message,
                Hint = "Tell the people who run this gateway; the statement can be sent again afterwards.",
            });
        }
    }

    /// <summary>
    /// Puts the id of the transaction into the record before it commits, so that its fate can be asked for should this
    /// node go away. Why that failed; then nothing may be committed.
    /// </summary>
    public async Task<Refusal?> WhyNoEvidenceAsync(ActionRecord record)
    {
        if (record.Version == 0
            || await session.AskAsync(OwnStatement.TransactionId, CancellationToken.None) is not [{ } id])
        {
            return null;
        }

        try
        {
            var evidence = new Evidence(EvidenceKind, id);
            return await session.Options.Gatekeeper.NoteEvidenceAsync(record, evidence, CancellationToken.None)
                ? null
                : PostgresAnswers.Unavailable("Somebody else has ended this action meanwhile.");
        }
        catch (StoreUnavailableException failure)
        {
            return PostgresAnswers.Unavailable(failure.Message);
        }
    }
}
