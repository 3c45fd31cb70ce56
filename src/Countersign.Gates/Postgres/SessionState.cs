using System.Collections.Immutable;
using System.Text;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Gates.Postgres.Masking;
using Countersign.Gates.Postgres.Rights;
using Countersign.Gates.Postgres.Statements;
using Countersign.Gates.Postgres.Wire;

namespace Countersign.Gates.Postgres;

/// <summary>
/// What the parts of one session share. A session is one sequence of steps, so nothing here is locked.
/// </summary>
internal sealed class SessionState(Seat seat, Client client, Backend backend, PostgresGateOptions options)
{
    private readonly HashSet<string> _ownStatements = new(StringComparer.Ordinal);

    public Visitor Visitor => seat.Visitor;

    public Lease Lease => seat.Lease;

    public Client Client => client;

    public Backend Backend => backend;

    public PostgresGateOptions Options => options;

    public Names Names { get; } = new(options.Limits, options.Random);

    /// <summary>Cursors of SQL, and what is fetched from them.</summary>
    public Cursors Cursors { get; } = new();

    public Asker Asker => seat.Visitor.Asker;

    public Target Target => seat.Visitor.Target;

    /// <summary>What is masked of the target's answers; <c>null</c> where nothing is.</summary>
    public SessionMasks? Masks { get; } = SessionMasks.Of(seat.Visitor.Target.Redaction, seat.Visitor.Database.IsText);

    /// <summary>What the agent says it does all this for (<c>SET countersign.reason</c>).</summary>
    public string? Reason { get; set; }

    /// <summary>The settings under which texts are understood now; <c>null</c> until they were asked for.</summary>
    public Meaning? Meaning { get; set; }

    /// <summary>
    /// Whether this transaction may have changed definitions. Nobody else sees them before it ends, so nothing that
    /// comes after it can be understood until then.
    /// </summary>
    public bool HasUnseenDefinitions { get; set; }

    /// <summary>
    /// Whether this session has temporary relations or types. Their names come before all others, and only this session
    /// sees them.
    /// </summary>
    private bool HasTemporaryObjects { get; set; }

    /// <summary>Why nobody but this session can say what a text means here; <c>null</c> when others can.</summary>
    public string? WhyUnseen => this switch
    {
        { HasUnseenDefinitions: true } =>
            "This transaction changed definitions that nobody else can see before it ends; commit it first.",
        { HasTemporaryObjects: true } =>
            "This session has temporary objects, whose names nobody else can look up; use DISCARD TEMP first.",
        _ => null,
    };

    /// <summary>The mask of one execution; <c>null</c> where nothing is masked.</summary>
    public ResultMask? MaskOf(ReadStatement? statement, ImmutableArray<Prepared> executes) =>
        Masks?.Of(statement, executes, isUnseen: WhyUnseen is not null);

    /// <summary>What the database says from here on may be said by code that somebody made.</summary>
    public void AwaitCode(ResultMask? mask)
    {
        if (Masks is { } masks && mask is { RunsCode: true } or { ReadsSettings: true })
        {
            backend.Await(new Awaited.Own(
                static _ => { }, done: mask.RunsCode ? masks.BeginCode : masks.Words.BeginHiding));
        }
    }

    /// <summary>Asks what the columns of a portal are, where they have to be known.</summary>
    public void AwaitShape(ReadOnlySpan<byte> portal, ResultMask? mask)
    {
        if (mask is { NeedsShape: true })
        {
            backend.Out.WriteDescribe(Preparation.Portal, portal);
            backend.Await(new Awaited.Columns(tellsNoData: false) { IsSilent = true, Told = mask.Shape.Take });
        }
    }

    /// <summary>Whether something would stay locked, and be rolled back, together with what comes next.</summary>
    public bool IsInTransaction => backend.Transaction != TransactionStatus.Idle || backend.HasRunInPipeline;

    /// <summary>What waits for people or runs right now; for who wants to cancel it.</summary>
    public Hold? Hold { get; set; }

    /// <summary>Asks the database to cancel what runs.</summary>
    public required Action CancelStatement { get; init; }

    /// <summary>Ends when the database has heard of every cancellation that was asked for.</summary>
    public required Func<Task> CancelsHeard { get; init; }

    /// <summary>Something ran, and its client was not told how it ended.</summary>
    public bool IsEndUntold { get; set; }

    /// <summary>The connection to the database is of no use any more.</summary>
    public bool IsLost { get; set; }

    /// <summary>Sends a statement of the gate's own; its answer is swallowed.</summary>
    public void SendOwn(OwnStatement own, AwaitedRows? answer = null)
    {
        var name = Encoding.UTF8.GetBytes(Names.ServerNameFor(own));
        var portal = Encoding.UTF8.GetBytes(OwnStatement.Portal);
        if (_ownStatements.Add(own.Name) || Names.IsRemoving)
        {
            // Whether it is there is not always known: something on its way may drop it, or may have.
            backend.Out.WriteClose(Preparation.Statement, name);
            backend.Await(Awaited.Complete.SilentClose);
            backend.Out.WriteParse(name, Encoding.UTF8.GetBytes(own.Text), []);
            backend.Await(new Awaited.Complete(
                BackendMessage.ParseComplete,
                isRelayed: false,
                dropped: () => _ownStatements.Remove(own.Name)));
        }

        backend.Out.WriteBind(portal, name);
        backend.Await(new Awaited.Complete(BackendMessage.BindComplete, isRelayed: false)
        {
            // Code that ran may have dropped it.
            Failed = SuspectStatements,
        });
        backend.Out.WriteExecute(portal, maxRows: 0);
        backend.Await(answer ?? AwaitedRows.Silent);
        backend.Out.WriteClose(Preparation.Portal, portal);
        backend.Await(Awaited.Complete.SilentClose);
    }

    /// <summary>Makes the session look at its memberships again; it is analysed each time, and never run.</summary>
    public void SendBarrier()
    {
        var name = Encoding.UTF8.GetBytes(Names.ServerNameFor(OwnStatement.Barrier));
        backend.Out.WriteParse(name, Encoding.UTF8.GetBytes(OwnStatement.Barrier.Text), []);
        backend.Await(Awaited.Complete.SilentParse);
        backend.Out.WriteClose(Preparation.Statement, name);
        backend.Await(Awaited.Complete.SilentClose);
    }

    /// <summary>One row of the gate's own question; <c>null</c> when the transaction has failed already.</summary>
    public async ValueTask<IReadOnlyList<string?>?> AskAsync(OwnStatement own, CancellationToken cancellationToken)
    {
        var answer = new AwaitedAnswer();
        await AskApartAsync(() => SendOwn(own, answer), cancellationToken);
        return backend.IsSkipping ? null : answer.Values;
    }

    /// <summary>
    /// Asks for what the gate itself wants to know, and takes the answers. VACUUM and DISCARD ALL are refused behind
    /// anything else of their pipeline, and the client's BEGIN would go on in the transaction of this question: so
    /// where a pipeline begins with it, it also ends with it.
    /// </summary>
    public async ValueTask AskApartAsync(Action ask, CancellationToken cancellationToken)
    {
        var isApart = !backend.IsInPipeline && backend.Transaction == TransactionStatus.Idle;
        ask();
        if (isApart && backend.IsInPipeline)
        {
            backend.Sync(isRelayed: false);
        }
        else
        {
            backend.Out.WriteFlush();
        }

        await backend.SettleAsync(cancellationToken);
    }

    /// <summary>
    /// Makes the database fail as it would have by itself: what the transaction did so far does not stay, and
    /// everything up to the next Sync is dropped. The client reads the refusal.
    /// </summary>
    public void ProvokeFailure(Refusal refusal)
    {
        if (IsLost)
        {
            client.Say(refusal with { IsFatal = true });
            return;
        }

        backend.Out.WriteBind(
            Encoding.UTF8.GetBytes(OwnStatement.Portal), Encoding.UTF8.GetBytes(Names.Missing));
        backend.Await(new Awaited.Failure(refusal));
    }

    /// <summary>
    /// Code ran that nobody read, and it may have dropped the gate's own statements (<c>EXECUTE 'DEALLOCATE ALL'</c>):
    /// each is made again before it is used.
    /// </summary>
    public void SuspectStatements() => _ownStatements.Clear();

    /// <summary>DISCARD ALL and DEALLOCATE ALL drop the gate's statements with the client's.</summary>
    public void ForgetStatements()
    {
        _ownStatements.Clear();
        Names.RemoveStatements();
    }

    /// <summary>The settings that change what a text means, as they are at this point of the conversation.</summary>
    /// <exception cref="BackendLost">
    /// The database does not say: a time limit of the session's was too short for the question, or something ran that
    /// keeps it from being asked. Under settings that nobody knows, any text may be about something else.
    /// </exception>
    public async ValueTask<Meaning> MeaningAsync(CancellationToken cancellationToken)
    {
        // What is on its way may have failed, and then nothing is asked in that transaction.
        if (Meaning is not null
            || !await backend.CatchUpAsync(cancellationToken)
            || backend.Transaction == TransactionStatus.Failed)
        {
            // In a failed transaction nothing runs, so it does not matter what a text would mean there.
            return Meaning ?? Statements.Meaning.Usual;
        }

        var (sink, why) = (backend.ErrorSink, "it answered something else");
        backend.ErrorSink = (error, _) =>
        {
            var fields = ErrorFields.Read(error.Body);
            why = $"{fields.Code}: {fields.Message}";
        };
        IReadOnlyList<string?>? answer;
        try
        {
            answer = await AskAsync(OwnStatement.Meaning, cancellationToken);
        }
        finally
        {
            backend.ErrorSink = sink;
        }

        if (answer is not [{ } path, { } date, { } interval, { } zone, var rows, var temporary])
        {
            IsLost = true;
            throw new BackendLost(
                $"The gateway could not ask for the session's settings ({why}), so nobody knows what a statement would "
                + "mean in it. Nothing was sent. A short statement_timeout or a long search_path does this.",
                inner: null);
        }

        HasTemporaryObjects = temporary != "f";
        return Meaning = new Meaning(path, date, interval, zone, RowSecurity: rows == "on");
    }
}
