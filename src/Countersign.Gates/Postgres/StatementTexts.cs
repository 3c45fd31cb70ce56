using System.Collections.Immutable;
using System.Text;
using Countersign.Gates.Postgres.Masking;
using Countersign.Gates.Postgres.Parsing;
using Countersign.Gates.Postgres.Statements;
using Countersign.Gates.Postgres.Wire;

namespace Countersign.Gates.Postgres;

/// <summary>
/// What a session knows of the texts it is sent: what they are, under its present settings; which of the names in them
/// are its own; and what they change about the session once the database has done them.
/// </summary>
internal sealed class StatementTexts(SessionState session)
{
    private readonly StatementReader _reader = session.Visitor.Database.Statements;

    private const string AfterSetting =
        "A statement before it in the same query sets what it means, so nobody can look it up before that ran; send " +
        "them one by one.";

    /// <summary>Whether a setting that reading depends on was changed in the present transaction.</summary>
    private bool _settingsWereTouched;

    /// <summary>A statement that the client parses; without one, why not.</summary>
    public async ValueTask<(Prepared? Statement, Refusal? WhyNot)> PrepareAsync(
        string name, string text, ImmutableArray<uint> types, CancellationToken cancellationToken)
    {
        var generation = _reader.Generation;
        var reading = await ReadAsync(text, types, cancellationToken);
        var (own, prepares) = NamesIn(text, reading);
        return own.Refusal is { } refusal
            ? (null, refusal)
            : (new Prepared(name, session.Names.ServerNameFor(name), text, own.Text, reading)
            {
                Meaning = session.Meaning,
                Generation = generation,
                ReadAt = session.Options.Time.GetTimestamp(),
                DeclaredTypes = types,
                Executes = own.Executes,
                Prepares = prepares,
            }, null);
    }

    /// <summary>
    /// A text as the database gets it, and the statement that it prepares by name, if it is a PREPARE.
    /// </summary>
    public (OwnNames Own, Prepared? Prepares) NamesIn(string text, Reading reading)
    {
        var named = (reading as Reading.Of)?.Statements.FirstOrDefault(one => one.Form is Parsed.Prepare);
        if (named is not { Form: Parsed.Prepare prepare })
        {
            return (OwnNames.In(text, reading, session.Names, newName: ""), null);
        }

        var serverName = session.Names.ServerNameFor(prepare.Name);
        var bytes = Encoding.UTF8.GetBytes(text);
        var inner = Encoding.UTF8.GetString(bytes.AsSpan(prepare.Inner.At.Start, prepare.Inner.At.Length));
        return (
            OwnNames.In(text, reading, session.Names, serverName),
            new Prepared(
                prepare.Name,
                serverName,
                inner,
                inner,
                new Reading.Of([new ReadStatement(prepare.Inner, named.Effects)]))
            {
                Meaning = session.Meaning,
                ReadAt = session.Options.Time.GetTimestamp(),
            });
    }

    /// <summary>
    /// Why rows may not be fetched: a portal of the protocol passed as a read that is recorded when it is executed, and
    /// cursors of SQL have their names in common with portals.
    /// </summary>
    public Refusal? WhyNotFetched(Reading reading, ImmutableArray<Prepared> executes) =>
        executes.Select(executed => executed.Reading).Append(reading)
            .OfType<Reading.Of>()
            .SelectMany(one => one.Statements)
            .Select(statement => statement.Form)
            .OfType<Parsed.Fetch>()
            .Select(fetch => session.Names.TryFindPortal(fetch.Name, out var _)
                ? PostgresAnswers.PortalFetched()
                : session.Cursors.WhyNot(fetch.Name))
            .FirstOrDefault(why => why is not null);

    /// <summary>What a text is under the session's present settings.</summary>
    public async ValueTask<Reading> ReadAsync(
        string text, ImmutableArray<uint> types, CancellationToken cancellationToken)
    {
        var meaning = await session.MeaningAsync(cancellationToken);
        var reading = await _reader.ReadAsync(text, types, meaning, cancellationToken);
        return reading is Reading.Of { Statements: var statements }
            && statements.Select(WhyRefused).FirstOrDefault(why => why is not null) is { } refusal
            ? new Reading.Refused(refusal)
            : AfterSettings(reading);
    }

    /// <summary>
    /// A list is read under the settings before it; what one of its statements sets decides what the next ones mean.
    /// </summary>
    private Reading AfterSettings(Reading reading)
    {
        if (reading is not Reading.Of { Statements: { Length: > 1 } statements })
        {
            return reading;
        }

        var first = statements.TakeWhile(statement => !MayChangeMeaning(statement.Form)).Count() + 1;
        return first >= statements.Length || statements.Skip(first).All(statement => statement.IsOfSession)
            ? reading
            : new Reading.Of(
            [
                .. statements.Select((statement, i) => i < first || statement.IsOfSession
                    ? statement
                    : statement with { Effects = statement.Effects with { Opaque = AfterSetting } }),
            ]);
    }

    /// <summary>
    /// How many statements of a list run before the rest can be read: those about the session alone, when one of them
    /// changes what the rest means.
    /// </summary>
    public int SettingsBefore(ImmutableArray<ReadStatement> statements)
    {
        var first = statements.TakeWhile(statement => statement.IsOfSession).Count();
        return first < statements.Length && statements.Take(first).Any(statement => MayChangeMeaning(statement.Form))
            ? first
            : 0;
    }

    private bool MayChangeMeaning(Parsed form) => form switch
    {
        Parsed.Set set => SettingsGuard.ChangesMeaning(set.Name),
        Parsed.Discard => true,
        Parsed.Transaction => _settingsWereTouched,
        _ => false,
    };

    /// <summary>
    /// Reads a prepared statement again when what it means may be another thing by now: after a change of settings,
    /// and after a while, because others change definitions too. The server plans it anew in these cases as well.
    /// </summary>
    public async ValueTask RefreshAsync(Prepared statement, CancellationToken cancellationToken)
    {
        var meaning = await session.MeaningAsync(cancellationToken);
        var generation = _reader.Generation;
        if (statement.Meaning == meaning && statement.Generation == generation
            && session.Options.Time.GetElapsedTime(statement.ReadAt) < session.Options.Limits.Freshness)
        {
            return;
        }

        statement.Reading = await ReadAsync(statement.Text, statement.DeclaredTypes, cancellationToken);
        (statement.Meaning, statement.Generation) = (meaning, generation);
        statement.ReadAt = session.Options.Time.GetTimestamp();
    }

    /// <summary>A text with its parameters, and with what all of its statements do.</summary>
    public RunnableStatement RunnableOf(string text, Reading reading, ImmutableArray<Parameter> parameters) =>
        new(text, parameters, Seen(EffectsOf(reading))) { Reading = reading };

    /// <summary>The same with what it executes by name.</summary>
    public async ValueTask<RunnableStatement> RunnableOfAsync(
        RunnableStatement alone, ImmutableArray<Prepared> executes, CancellationToken cancellationToken)
    {
        var runnable = alone with { Executes = executes };
        foreach (var executed in executes)
        {
            await RefreshAsync(executed, cancellationToken);
            var inner = RunnableOf(executed.Text, executed.Reading, []);
            runnable = runnable with
            {
                Text = $"{runnable.Text}\n-- {executed.Name}: {inner.Text}",
                Effects = runnable.Effects.Then(inner.Effects) with
                {
                    // EXPLAIN EXECUTE hands out a plan instead.
                    Output = runnable.Effects.Output.IsEmpty ? inner.Effects.Output : [inner.Effects.Plan],
                },
            };
        }

        return runnable;
    }

    /// <summary>What all statements of a text do together.</summary>
    public static Effects EffectsOf(Reading reading) => reading switch
    {
        Reading.Of { Statements: var statements } =>
            statements.Aggregate(Effects.None, (all, one) => all.Then(one.Effects)),
        Reading.Unreadable { Why: var why } => Effects.None with { Opaque = why },
        Reading.Refused { Why: var refusal } => Effects.None with { Opaque = refusal.Message },
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    /// <summary>
    /// Definitions that this transaction changed are seen by nobody else, and neither are temporary ones, so what it
    /// says after that means something that nobody can look up.
    /// </summary>
    public Effects Seen(Effects effects) => effects.Opaque is null && session.WhyUnseen is { } why
        ? effects with { Opaque = why }
        : effects;

    /// <summary>
    /// A statement that changes what later texts mean is on its way: they are understood after it, however early they
    /// were sent.
    /// </summary>
    public void OnSend(ReadStatement? statement)
    {
        _settingsWereTouched |= statement?.Form is Parsed.Set set && SettingsGuard.ChangesMeaning(set.Name);
        if (_settingsWereTouched || statement?.Form is Parsed.Discard)
        {
            session.Meaning = null;
        }
    }

    /// <summary>A Sync is on its way: it may end a failed transaction, and with it what that one set.</summary>
    public void OnSync()
    {
        if (_settingsWereTouched)
        {
            session.Meaning = null;
        }
    }

    /// <summary>How the rows of a statement about the session are taken, and what it changes when it is done.</summary>
    /// <param name="statement">What was understood of it.</param>
    /// <param name="prepares">What it prepares by name.</param>
    /// <param name="text">It, as it was sent.</param>
    public AwaitedRows RowsOf(ReadStatement? statement, Prepared? prepares, string text) => statement?.Form switch
    {
        Parsed.Fetch fetch => session.Cursors.Fetch(fetch.Name, text),
        Parsed.Prepare when prepares is not null => DoneWith(session.Names.Send(prepares.Name, prepares)),
        Parsed.Set set => new AwaitedDone(() => OnSet(set)) { NamesOnly = true },
        Parsed.Deallocate { Name: { } name } => DoneWith(session.Names.Send(name, statement: null)),
        Parsed.Deallocate => Removal(static () => { }),
        Parsed.Discard { What: "ALL" } => Removal(() => (session.Meaning, session.Reason) = (null, null)),
        Parsed.Discard => new AwaitedDone(() => session.Meaning = null),
        Parsed.Transaction transaction => OnTransaction(transaction),
        _ => AwaitedRows.Plain,
    };

    private static AwaitedDone DoneWith(NameChange change) => new(change.Confirm, change.Drop) { NamesOnly = true };

    private AwaitedDone Removal(Action done)
    {
        session.Names.OnRemoval();
        return new AwaitedDone(
            () =>
            {
                session.ForgetStatements();
                done();
            },
            session.Names.OnNoRemoval);
    }

    private AwaitedDone OnTransaction(Parsed.Transaction statement)
    {
        var done = session.Names.DoneOf(statement);
        return new AwaitedDone(() =>
        {
            done();
            OnTransaction();
        });
    }

    /// <summary>What ran may have changed settings and definitions in ways that no text tells.</summary>
    public void AfterRun(RunnableStatement statement)
    {
        if (statement.Effects.IsReadOnly && statement.Effects.Settings.IsEmpty)
        {
            return;
        }

        session.Meaning = null;
        // Code may have set something until the transaction ends, and a rollback takes back what it made.
        _settingsWereTouched = IsInTransaction;
        if (statement.Effects is { NeedsOwner: true } or { Opaque: not null } or { DeferredCode: true })
        {
            _reader.Forget();
            session.HasUnseenDefinitions = IsInTransaction;
        }
    }

    /// <summary>From here on it knows when transactions end.</summary>
    public void Listen()
    {
        session.Backend.OnSync = session.Names.OnSync;
        session.Backend.OnReady = OnReady;
    }

    /// <summary>A transaction is over: others see what it did, and what it set locally or in vain is undone.</summary>
    private void OnReady(TransactionStatus status)
    {
        var last = session.Names.OnReady();
        if (status != TransactionStatus.Idle)
        {
            return;
        }

        session.Names.RemovePortals(last);
        session.HasUnseenDefinitions = false;
        if (_settingsWereTouched)
        {
            session.Meaning = null;
            _settingsWereTouched = false;
        }
    }

    /// <summary>Messages without a Sync behind them are a transaction too, which nobody reports.</summary>
    private bool IsInTransaction =>
        session.Backend.Transaction != TransactionStatus.Idle || session.Backend.IsInPipeline;

    private void OnSet(Parsed.Set set)
    {
        if (set.Name == SettingsGuard.Reason)
        {
            session.Reason = set.Values is [var reason] ? reason : null;
        }

        if (SettingsGuard.ChangesMeaning(set.Name))
        {
            session.Meaning = null;
            _settingsWereTouched = true;
        }
    }

    /// <summary>ROLLBACK TO takes back settings as well.</summary>
    private void OnTransaction()
    {
        if (_settingsWereTouched)
        {
            session.Meaning = null;
        }
    }

    private Refusal? WhyRefused(ReadStatement statement) => statement switch
    {
        _ when session.Masks is not null && SessionMasks.WhyNot(statement.Form) is { } unmasked => unmasked,
        { Form: Parsed.Set set } => SettingsGuard.WhyNot(set),
        { Form: Parsed.Never never } => new Refusal(
            Refusal.FeatureNotSupported, $"{never.Verb} does not pass through this gateway; nothing was executed.")
        {
            Detail = never.Why,
            Hint = "Ask the people who run the database to do it, or do something else.",
        },
        { Effects.Refused: { } why } => new Refusal(
            Refusal.InsufficientPrivilege, "This statement does not pass through this gateway; nothing was executed.")
        {
            Detail = why,
            Hint = "Repeating it changes nothing; do without it.",
        },
        { Effects.Announced: var announced } when announced.IsMaskedBy(session.Target.Redaction) => new Refusal(
            Refusal.InsufficientPrivilege, "This statement does not pass through this gateway; nothing was executed.")
        {
            Detail = "pg_notify would tell others values of columns that are masked here, or that nobody knows.",
            Hint = "Notify with constants, or with columns that are not masked.",
        },
        _ => null,
    };
}
