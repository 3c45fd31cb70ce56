using System.Collections.Immutable;
using System.Text;
using Countersign.Gates.Postgres.Parsing;
using Countersign.Gates.Postgres.Wire;

namespace Countersign.Gates.Postgres;

/// <summary>
/// The simple protocol, spoken to the database as the extended one: each statement of a query is a Parse of its own, so
/// a database that reads the text differently refuses it instead of running something that nobody saw. A query is one
/// action, whatever the number of its statements.
/// </summary>
internal sealed class SimpleQueries(SessionState session, PostgresExecutor executor, StatementTexts texts, Reads reads)
{
    private readonly Backend _backend = session.Backend;

    /// <summary>Whether the query was ended with its last statement.</summary>
    private bool _isReady;

    public async ValueTask RunAsync(WireMessage message, CancellationToken cancellationToken)
    {
        var text = Encoding.UTF8.GetString(QueryBody.Read(message.Body).Text);
        // What was asked before belongs to a transaction of its own, unless a Sync is missing; then the database keeps
        // its answers until it is told to send them.
        if (!_backend.IsSettled)
        {
            _backend.Out.WriteFlush();
        }

        await _backend.SettleAsync(cancellationToken);
        if (_backend.IsSkipping)
        {
            // As any other message, a query is dropped after an error until the client says Sync.
            return;
        }

        session.Names.RemoveUnnamed();
        await RunAsync(text, cancellationToken);
        if (!session.IsLost && !_isReady)
        {
            _backend.Sync(isRelayed: true);
            await _backend.SettleAsync(cancellationToken);
        }
    }

    private async ValueTask RunAsync(string text, CancellationToken cancellationToken)
    {
        _isReady = false;
        var reading = await texts.ReadAsync(text, [], cancellationToken);
        switch (reading)
        {
            case Reading.Refused { Why: var why }:
                session.ProvokeFailure(why);
                break;
            case Reading.Of { Statements.IsEmpty: true }:
                _backend.Await(new Awaited.Own(static writer => writer.WriteEmptyQueryResponse()));
                break;
            case Reading.Unreadable:
                var whole = Encoding.UTF8.GetBytes(text);
                if (await TakesAsync(whole, cancellationToken))
                {
                    await ActAsync(
                        texts.RunnableOf(text, reading, []), [new RunStep.OfText(whole)], cancellationToken);
                }

                break;
            case Reading.Of { Statements: var statements } when FindParameter(text, statements) is { } parameter:
                session.ProvokeFailure(parameter);
                break;
            case Reading.Of { Statements: var statements }:
                await RunAsync(text, reading, statements, cancellationToken);
                break;
        }
    }

    /// <summary>
    /// What nobody understood is most likely wrong, and then the database says so. Should it take the text after all,
    /// people have to decide.
    /// </summary>
    private async ValueTask<bool> TakesAsync(ReadOnlyMemory<byte> text, CancellationToken cancellationToken)
    {
        var isTaken = true;
        await session.AskApartAsync(
            () =>
            {
                _backend.Out.WriteParse([], text.Span, []);
                _backend.Await(new Awaited.Complete(
                    BackendMessage.ParseComplete, isRelayed: false, dropped: () => isTaken = false));
            },
            cancellationToken);
        return isTaken;
    }

    /// <summary>
    /// Asks about each statement of a list that nobody understood. Behind one that changes definitions or settings the
    /// answer would be about something else, so there people decide.
    /// </summary>
    private async ValueTask<bool> TakesAllAsync(
        ImmutableArray<ReadStatement> statements, ImmutableArray<RunStep> steps, CancellationToken cancellationToken)
    {
        for (var i = 0; i < statements.Length; i++)
        {
            if (statements[i].Effects.Opaque is not null
                && !await TakesAsync(((RunStep.OfText)steps[i]).Text, cancellationToken))
            {
                return false;
            }

            if (ChangesTheRest(statements[i]))
            {
                break;
            }
        }

        return true;
    }

    private static bool ChangesTheRest(ReadStatement statement) =>
        statement.Effects is { Opaque: not null } or { NeedsOwner: true } or { DeferredCode: true }
            or { Settings.IsEmpty: false }
        || statement.Form is not (Parsed.Query or Parsed.Show
            or Parsed.Transaction { Verb: TransactionVerb.Begin or TransactionVerb.Savepoint });

    private async ValueTask RunAsync(
        string text, Reading reading, ImmutableArray<ReadStatement> statements, CancellationToken cancellationToken)
    {
        var (own, prepares) = texts.NamesIn(text, reading);
        if ((own.Refusal ?? WhyTaken(prepares) ?? texts.WhyNotFetched(reading, own.Executes)) is { } refusal)
        {
            session.ProvokeFailure(refusal);
            return;
        }

        // Under the client's own name it could lead to any statement at the database, the gate's own among them.
        if (statements.Length > 1 && statements.Any(statement => OwnNames.NamesOne(statement.Form)))
        {
            session.ProvokeFailure(NamesInList());
            return;
        }

        if (texts.SettingsBefore(statements) is > 0 and var settings)
        {
            await RunBehindSettingsAsync(text, statements, settings, cancellationToken);
            return;
        }

        var steps = statements.Length == 1
            ? [new RunStep.OfText(Encoding.UTF8.GetBytes(own.Text))]
            : StepsOf(Encoding.UTF8.GetBytes(text), statements);
        if (statements.All(statement => statement.IsOfSession))
        {
            Pass(statements, steps, prepares);
        }
        else if (own.Executes.IsEmpty && statements is [var only] && reads.FindAllowed(only) is { } allowed)
        {
            var record = allowed.Of(text, Allowed.WriteNone);
            var rows = await reads.BeginAsync(allowed, record, default, cancellationToken);
            steps[0].Send(session, rows.Under(session.MaskOf(only, [])));
        }
        else if (await TakesAllAsync(statements, steps, cancellationToken))
        {
            var statement = await texts.RunnableOfAsync(
                texts.RunnableOf(text, reading, []), own.Executes, cancellationToken);
            await ActAsync(statement, steps, cancellationToken);
        }
    }

    /// <summary>
    /// What a list sets decides what the rest of it means, so the rest is read when that is set, in the same
    /// transaction.
    /// </summary>
    private async ValueTask RunBehindSettingsAsync(
        string text, ImmutableArray<ReadStatement> statements, int settings, CancellationToken cancellationToken)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var steps = StepsOf(bytes, statements);
        Pass(statements[..settings], steps[..settings], prepares: null);
        if (!await _backend.CatchUpAsync(cancellationToken))
        {
            return;
        }

        // Behind as many spaces as characters stand before it, as each step is.
        var start = statements[settings].Form.At.Start;
        var before = SqlFault.PositionOf(bytes, start) - 1;
        await RunAsync(new string(' ', before) + Encoding.UTF8.GetString(bytes.AsSpan(start)), cancellationToken);
    }

    /// <summary>In a failed transaction the database has another error for it.</summary>
    private Refusal? WhyTaken(Prepared? prepares) =>
        prepares is null || _backend.Transaction == TransactionStatus.Failed
            ? null
            : session.Names.WhyTaken(prepares.Name);

    private static Refusal NamesInList() => new(
        Refusal.FeatureNotSupported,
        "PREPARE, EXECUTE and DEALLOCATE do not pass through this gateway together with other statements.")
    {
        Detail = "A query of several statements leaves as it is written, with names that nobody could vouch for.",
        Hint = "Send each statement as a query of its own.",
    };

    /// <summary>Nothing in it needs anybody: all of it leaves at once.</summary>
    private void Pass(
        ImmutableArray<ReadStatement> statements, ImmutableArray<RunStep> steps, Prepared? prepares)
    {
        for (var i = 0; i < steps.Length; i++)
        {
            var text = Encoding.UTF8.GetString(((RunStep.OfText)steps[i]).Text.Span).TrimStart();
            steps[i].Send(
                session, texts.RowsOf(statements[i], prepares, text).Under(session.MaskOf(statements[i], [])));
        }
    }

    private async ValueTask ActAsync(
        RunnableStatement statement, ImmutableArray<RunStep> steps, CancellationToken cancellationToken)
    {
        var plan = new RunPlan(statement, steps)
        {
            OpensTransaction = OpensTransaction(statement.Reading),
            TakesSync = () => _isReady = true,
        };
        if (await executor.ActAsync(plan, cancellationToken) is { } refusal)
        {
            // Whatever ran has ended; what did not run ends here, as an error of the database would end it.
            if (_isReady && !session.IsLost)
            {
                session.Client.Say(refusal);
                session.Client.Out.WriteReadyForQuery(_backend.Transaction);
            }
            else
            {
                session.ProvokeFailure(refusal);
            }
        }

        texts.AfterRun(statement);
    }

    /// <summary>
    /// A list is one transaction already, but only in a transaction block do LOCK TABLE and DECLARE CURSOR work; with
    /// BEGIN or COMMIT in it, the list says itself what its transactions are.
    /// </summary>
    private bool OpensTransaction(Reading reading) =>
        _backend.Transaction == TransactionStatus.Idle
        && reading is Reading.Of { Statements: { Length: > 1 } statements }
        && !statements.Any(
            statement => statement.Form is Parsed.Transaction or Parsed.Command { Effect.RunsAlone: true });

    /// <summary>
    /// Each statement behind as many spaces as characters stand before it, so that positions in errors are those of the
    /// whole query.
    /// </summary>
    public static ImmutableArray<RunStep> StepsOf(byte[] text, ImmutableArray<ReadStatement> statements) =>
    [
        .. statements.Select(statement =>
        {
            var before = SqlFault.PositionOf(text, statement.Form.At.Start) - 1;
            var padded = new byte[before + statement.Form.At.Length];
            padded.AsSpan(0, before).Fill((byte)' ');
            text.AsSpan(statement.Form.At.Start, statement.Form.At.Length).CopyTo(padded.AsSpan(before));
            return new RunStep.OfText(padded);
        }),
    ];

    /// <summary>A Parse would take a parameter that a simple query cannot have a value for.</summary>
    public static Refusal? FindParameter(string text, ImmutableArray<ReadStatement> statements)
    {
        if (!text.Contains('$', StringComparison.Ordinal) || !statements.Any(one => one.Form is Parsed.Query))
        {
            return null;
        }

        var bytes = Encoding.UTF8.GetBytes(text);
        var lexer = new SqlLexer(bytes);
        while (lexer.TryRead(out var token))
        {
            var at = token;
            if (at.Kind == TokenKind.Parameter
                && statements.Any(one => one.Form is Parsed.Query && Holds(one.Form.At, at)))
            {
                var name = Encoding.UTF8.GetString(bytes, token.Start, token.Length);
                return new Refusal(Refusal.UndefinedParameter, $"there is no parameter {name}")
                {
                    Position = SqlFault.PositionOf(bytes, token.Start),
                };
            }
        }

        return null;

        static bool Holds(TextSpan at, in SqlToken token) =>
            token.Start >= at.Start && token.End <= at.Start + at.Length;
    }
}
