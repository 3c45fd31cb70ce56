using System.Collections.Immutable;
using System.Text;
using Countersign.Gates.Postgres.Parsing;
using Countersign.Gates.Postgres.Statements;
using Countersign.Gates.Postgres.Wire;

namespace Countersign.Gates.Postgres;

/// <summary>
/// The extended protocol: Parse, Bind, Describe, Execute, Close. A statement is understood when it is parsed and judged
/// when it is bound, because planning alone can run code. What may run at once passes as it comes; everything else
/// stays here until its Execute, and goes through the gatekeeper then.
/// </summary>
internal sealed class ExtendedQueries(
    SessionState session, PostgresExecutor executor, StatementTexts texts, Reads reads)
{
    private readonly Backend _backend = session.Backend;
    private readonly Names _names = session.Names;

    // They know nothing of the portal that they bind, so there is one of each.
    private readonly Awaited _bound = new Awaited.Complete(
        BackendMessage.BindComplete, isRelayed: true, session.Names.OnBound, session.Names.OnDropped)
    {
        Failed = session.Names.OnUnbound,
    };

    private readonly Awaited _boundHere = new Awaited.Own(
        static writer => writer.WriteBindComplete(), session.Names.OnBound, session.Names.OnDropped);

    public async ValueTask ParseAsync(WireMessage message, CancellationToken cancellationToken)
    {
        var (name, text, types) = Read(message);
        if (await IsTakenAsync(name, cancellationToken))
        {
            return;
        }

        if (!_names.HasRoom)
        {
            session.ProvokeFailure(TooManyNames());
            return;
        }

        var (statement, refusal) = await texts.PrepareAsync(name, text, types, cancellationToken);
        if (_backend.IsSkipping)
        {
            // Reading it asked the database, whose answers brought an error of what came before.
            return;
        }

        if (statement is null)
        {
            session.ProvokeFailure(refusal!);
            return;
        }

        var change = _names.Send(name, statement);
        _backend.Out.WriteParse(
            Encoding.UTF8.GetBytes(statement.ServerName), Encoding.UTF8.GetBytes(statement.ServerText), types.AsSpan());
        _backend.Await(new Awaited.Complete(
            BackendMessage.ParseComplete, isRelayed: true, change.Confirm, change.Drop) { Failed = change.Fail });
    }

    /// <summary>
    /// Whether nothing can be prepared under a name; the client is told. What comes before it may fail, or free the
    /// name.
    /// </summary>
    private async ValueTask<bool> IsTakenAsync(string name, CancellationToken cancellationToken)
    {
        if (name.Length == 0 || (_names.WhyTaken(name) is null && _names.IsCertain(name)))
        {
            return false;
        }

        if (await _backend.CatchUpAsync(cancellationToken))
        {
            if (_names.WhyTaken(name) is not { } taken)
            {
                return false;
            }

            session.ProvokeFailure(taken);
        }

        return true;
    }

    public async ValueTask BindAsync(WireMessage message, CancellationToken cancellationToken)
    {
        var (portal, statement) = NamesIn(message);
        // What is on its way may make the one name, or free the other.
        if ((!Exists(Preparation.Statement, statement) || IsPortal(portal))
            && !await _backend.CatchUpAsync(cancellationToken))
        {
            return;
        }

        if (_names.TryFind(statement, out var known))
        {
            await texts.RefreshAsync(known, cancellationToken);
        }

        if (!_backend.IsSkipping)
        {
            Bind(message, portal, statement);
        }
    }

    private void Bind(WireMessage message, string portalName, string statementName)
    {
        var body = BindBody.Read(message.Body);
        if (!_names.TryFind(statementName, out var statement))
        {
            session.ProvokeFailure(new Refusal(Refusal.InvalidStatementName, statementName.Length == 0
                ? "unnamed prepared statement does not exist"
                : $"prepared statement \"{statementName}\" does not exist"));
            return;
        }

        if (IsPortal(portalName))
        {
            session.ProvokeFailure(new Refusal("42P03", $"cursor \"{portalName}\" already exists"));
            return;
        }

        if (!_names.HasRoom)
        {
            session.ProvokeFailure(TooManyNames());
            return;
        }

        var allowed = statement.Executes.IsEmpty ? reads.FindAllowed(statement.Single) : null;
        var passes = allowed is not null || statement.Single is { IsOfSession: true };
        var portal = new Portal(portalName, statement, body.Rest.ToArray())
        {
            IsOnServer = passes,
            Allowed = allowed,
            Passed = statement.Single,
        };
        _names.Put(portal);
        if (passes)
        {
            portal.Mask = session.MaskOf(statement.Single, []);
            session.AwaitCode(portal.Mask);
            _backend.Out.WriteBind(body.Portal, Encoding.UTF8.GetBytes(statement.ServerName), body.Rest);
            _backend.Await(_bound);
            session.AwaitShape(body.Portal, portal.Mask);
        }
        else
        {
            _backend.Await(_boundHere);
        }
    }

    /// <summary>Whether a portal has this name, so that no other one can; the unnamed one makes room.</summary>
    private bool IsPortal(string name) => name.Length > 0 && _names.TryFindPortal(name, out var _);

    private static (string Portal, string Statement) NamesIn(WireMessage message)
    {
        var body = BindBody.Read(message.Body);
        return (Text(body.Portal), Text(body.Statement));
    }

    public async ValueTask DescribeAsync(WireMessage message, CancellationToken cancellationToken)
    {
        var (what, name) = Named(DescribeBody.Read(message.Body));
        if (Exists(what, name) || await _backend.CatchUpAsync(cancellationToken))
        {
            Describe(what, name);
        }
    }

    private void Describe(Preparation what, string name)
    {
        if (what == Preparation.Statement)
        {
            if (!_names.TryFind(name, out var statement))
            {
                session.ProvokeFailure(new Refusal(
                    Refusal.InvalidStatementName, $"prepared statement \"{name}\" does not exist"));
                return;
            }

            DescribeStatement(statement, DescriptionFor.Statement, portal: null);
        }
        else if (!_names.TryFindPortal(name, out var portal))
        {
            session.ProvokeFailure(NoPortal(name));
        }
        else if (portal.IsOnServer)
        {
            _backend.Out.WriteDescribe(Preparation.Portal, Encoding.UTF8.GetBytes(name));
            _backend.Await(Awaited.Columns.Of(session.Masks));
        }
        else
        {
            DescribeStatement(portal.Statement, DescriptionFor.Portal, portal);
        }
    }

    public async ValueTask ExecuteAsync(WireMessage message, CancellationToken cancellationToken)
    {
        var (name, maxRows) = ReadExecute(message);
        if (!Exists(Preparation.Portal, name) && !await _backend.CatchUpAsync(cancellationToken))
        {
            return;
        }

        if (!_names.TryFindPortal(name, out var portal))
        {
            session.ProvokeFailure(NoPortal(name));
            return;
        }

        if (portal.IsOnServer)
        {
            await GoOnAsync(portal, maxRows, cancellationToken);
            return;
        }

        // What was asked before it is answered before it; an error there drops this as well.
        _backend.Out.WriteFlush();
        await _backend.SettleAsync(cancellationToken);
        if (_backend.IsSkipping)
        {
            return;
        }

        if (!_names.TryFindPortal(name, out var still) || still != portal)
        {
            session.ProvokeFailure(NoPortal(name));
            return;
        }

        // It is bound only now, under settings that may be others than when the client said so.
        await texts.RefreshAsync(portal.Statement, cancellationToken);
        if (_backend.IsSkipping)
        {
            return;
        }

        var refused = portal.Statement.Reading is Reading.Refused { Why: var why }
            ? why
            : texts.WhyNotFetched(portal.Statement.Reading, portal.Statement.Executes);
        if (refused is not null)
        {
            session.ProvokeFailure(refused);
            return;
        }

        await ActAsync(portal, maxRows, cancellationToken);
    }

    private async ValueTask ActAsync(Portal portal, int maxRows, CancellationToken cancellationToken)
    {
        var plan = await PlanAsync(portal, maxRows, cancellationToken);
        if (!_backend.IsSkipping && await executor.ActAsync(plan, cancellationToken) is { } refusal)
        {
            session.ProvokeFailure(refusal);
        }

        texts.AfterRun(plan.Statement);
        // The run may have taken the client's Sync, so that nothing else will ask for answers.
        await session.Client.FlushAsync(cancellationToken);
    }

    /// <summary>Of a portal that exists at the database: it passed when it was bound, or ran already.</summary>
    private async ValueTask GoOnAsync(Portal portal, int maxRows, CancellationToken cancellationToken)
    {
        AwaitedRows rows;
        if (portal.Statement.Prepares is { } prepares
            && _backend.Transaction != TransactionStatus.Failed
            && await IsTakenAsync(prepares.Name, cancellationToken))
        {
            return;
        }

        if (portal.Allowed is null && texts.WhyNotFetched(portal.Statement.Reading, []) is { } fetched)
        {
            session.ProvokeFailure(fetched);
            return;
        }

        if (portal.Allowed is null)
        {
            rows = texts.RowsOf(portal.Statement.Single, portal.Statement.Prepares, portal.Statement.Text);
        }
        else if (reads.FindAllowed(portal) is { } allowed)
        {
            rows = await reads.BeginAsync(
                allowed, portal.Statement.RecordOf(allowed), portal.Bind, cancellationToken);
        }
        else
        {
            session.ProvokeFailure(PostgresAnswers.AllowedNoMore());
            return;
        }

        session.AwaitCode(portal.Mask);
        texts.OnSend(portal.Statement.Single);
        _backend.Out.WriteExecute(Encoding.UTF8.GetBytes(portal.Name), maxRows);
        _backend.Await(rows.Under(portal.Mask));
    }

    public async ValueTask CloseAsync(WireMessage message, CancellationToken cancellationToken)
    {
        var (what, name) = Named(DescribeBody.ReadClose(message.Body));
        if (what == Preparation.Portal || Exists(what, name) || await _backend.CatchUpAsync(cancellationToken))
        {
            Close(what, name);
        }
    }

    private void Close(Preparation what, string name)
    {
        if (what == Preparation.Portal)
        {
            // A portal that exists only here is not missed there: closing what does not exist is no error.
            _names.RemovePortal(name);
            _backend.Out.WriteClose(Preparation.Portal, Encoding.UTF8.GetBytes(name));
            _backend.Await(Awaited.Complete.Close);
        }
        else if (_names.TryFind(name, out var statement))
        {
            var change = _names.Send(name, statement: null);
            _backend.Out.WriteClose(Preparation.Statement, Encoding.UTF8.GetBytes(statement.ServerName));
            _backend.Await(new Awaited.Complete(
                BackendMessage.CloseComplete, isRelayed: true, done: change.Confirm, dropped: change.Drop));
        }
        else
        {
            _backend.Await(Awaited.Own.CloseComplete);
        }
    }

    /// <summary>Whether it is certain that there is such a statement or portal, unless all behind it fails.</summary>
    private bool Exists(Preparation what, string name) => what == Preparation.Portal
        ? _names.TryFindPortal(name, out var portal) && _names.IsCertain(portal)
        : _names.TryFind(name, out var _) && _names.IsCertain(name);

    private void DescribeStatement(Prepared statement, DescriptionFor whom, Portal? portal)
    {
        _backend.Out.WriteDescribe(Preparation.Statement, Encoding.UTF8.GetBytes(statement.ServerName));
        _backend.Await(new Awaited.Description(statement, whom) { Portal = portal, Words = session.Masks?.Words });
    }

    private async ValueTask<RunPlan> PlanAsync(Portal portal, int maxRows, CancellationToken cancellationToken)
    {
        if (portal.Statement.ParameterTypes is null && ParametersOf(portal.Bind.Span) > 0)
        {
            DescribeStatement(portal.Statement, DescriptionFor.Gate, portal: null);
            _backend.Out.WriteFlush();
            await _backend.SettleAsync(cancellationToken);
        }

        var (known, bind) = (portal.Statement, portal.Bind);
        var alone = texts.RunnableOf(
            known.Text, known.Reading, Parameter.In(bind.Span, known.ParameterTypes ?? known.DeclaredTypes));
        return new RunPlan(
            await texts.RunnableOfAsync(alone, known.Executes, cancellationToken),
            [new RunStep.OfPortal(portal, maxRows)])
        {
            TakesSync = session.Client.TryTakeSync,
        };
    }

    private static int ParametersOf(ReadOnlySpan<byte> bind) => BindBody.ReadRest(bind).ParameterCount;

    private static (string Name, string Text, ImmutableArray<uint> Types) Read(WireMessage message)
    {
        var body = ParseBody.Read(message.Body);
        var types = ImmutableArray.CreateBuilder<uint>(body.ParameterTypeCount);
        for (var i = 0; i < body.ParameterTypeCount; i++)
        {
            types.Add(body.ParameterType(i));
        }

        return (Text(body.Statement), Text(body.Text), types.MoveToImmutable());
    }

    private static (string Name, int MaxRows) ReadExecute(WireMessage message)
    {
        var body = ExecuteBody.Read(message.Body);
        return (Text(body.Portal), body.MaxRows);
    }

    private static (Preparation What, string Name) Named(DescribeBody body) => (body.What, Text(body.Name));

    private static string Text(ReadOnlySpan<byte> utf8) => Encoding.UTF8.GetString(utf8);

    private static Refusal NoPortal(string name) =>
        new(Refusal.InvalidCursorName, $"portal \"{name}\" does not exist");

    private Refusal TooManyNames() => new(
        Refusal.ConfigurationLimitExceeded,
        $"This session has {session.Options.Limits.Statements} prepared statements or portals, which is the limit.")
    {
        Hint = "Close those that are not needed any more (DEALLOCATE ALL), or open another connection.",
    };
}
