using System.Collections.Immutable;
using System.Text;
using Countersign.Gates.Postgres.Masking;
using Countersign.Gates.Postgres.Parsing;
using Countersign.Gates.Postgres.Wire;

namespace Countersign.Gates.Postgres;

/// <summary>What a run sends, step by step, and how it ends.</summary>
/// <param name="Statement">The whole of it, as people saw it.</param>
/// <param name="Steps">One for each statement.</param>
internal sealed record RunPlan(RunnableStatement Statement, ImmutableArray<RunStep> Steps)
{
    /// <summary>
    /// Whether the gate puts the steps into a transaction: a list of statements is one, and some statements work only
    /// in a transaction block, which the extended protocol does not make by itself.
    /// </summary>
    public bool OpensTransaction { get; init; }

    /// <summary>
    /// Whether it only shows what would come of it: in a transaction of the gate's own that is always rolled back.
    /// </summary>
    public bool IsRehearsal { get; init; }

    /// <summary>
    /// Asked once all steps have run: whether the client has nothing more to add, so that what ran is committed before
    /// it is told. Takes the client's Sync when that is here already.
    /// </summary>
    public required Func<bool> TakesSync { get; init; }

    /// <summary>What the gate notes when the database has done a step: savepoints and portals taken back.</summary>
    public Action DoneOf(int step, SessionState session) =>
        Statement.Reading is Reading.Of { Statements: var all }
            && all.Length == Steps.Length
            && all[step].Form is Parsed.Transaction transaction
                ? session.Names.DoneOf(transaction)
                : static () => { };

    /// <summary>
    /// The mask of one step. What one of its statements defines anew decides what the next ones mean, so nobody can
    /// tell what those return.
    /// </summary>
    public ResultMask? MaskOf(int step, SessionState session)
    {
        var statements = Statement.Reading is Reading.Of { Statements: var all } ? all : [];
        var isKnown = statements.Length == Steps.Length && !statements.Take(step).Any(UserCode.Redefines);
        return session.MaskOf(isKnown ? statements[step] : null, Statement.Executes);
    }
}

/// <summary>One statement of a run.</summary>
internal abstract record RunStep
{
    private RunStep()
    {
    }

    /// <summary>Asks the database for it.</summary>
    public abstract void Send(SessionState session, AwaitedRows rows);

    /// <summary>A portal that existed only at the gate so far.</summary>
    public sealed record OfPortal(Portal Portal, int MaxRows) : RunStep
    {
        public override void Send(SessionState session, AwaitedRows rows)
        {
            var backend = session.Backend;
            var name = Encoding.UTF8.GetBytes(Portal.Name);
            Portal.Mask = rows.Mask;
            session.AwaitCode(rows.Mask);
            backend.Out.WriteBind(name, Encoding.UTF8.GetBytes(Portal.Statement.ServerName), Portal.Bind.Span);
            backend.Await(new Awaited.Complete(
                BackendMessage.BindComplete, isRelayed: false, done: () => Portal.IsOnServer = true));
            session.AwaitShape(name, rows.Mask);
            backend.Out.WriteExecute(name, MaxRows);
            backend.Await(rows);
        }
    }

    /// <summary>A statement of a simple query, or a detached one.</summary>
    /// <param name="Text">It alone, and in front of it as many spaces as characters stand there in the query.</param>
    public sealed record OfText(ReadOnlyMemory<byte> Text) : RunStep
    {
        /// <summary>Types of its parameters, where it has any: a detached statement may.</summary>
        public ImmutableArray<uint> Types { get; init; } = [];

        /// <summary>What its Bind says behind the names; <c>null</c> without parameters.</summary>
        public ReadOnlyMemory<byte>? Bind { get; init; }

        public override void Send(SessionState session, AwaitedRows rows)
        {
            var backend = session.Backend;
            // From here on the database has this text where the client's unnamed statement was.
            session.Names.RemoveUnnamed();
            backend.Out.WriteParse([], Text.Span, Types.AsSpan());
            backend.Await(Awaited.Complete.SilentParse);
            session.AwaitCode(rows.Mask);
            if (Bind is { } bind)
            {
                backend.Out.WriteBind([], [], bind.Span);
            }
            else
            {
                backend.Out.WriteBind([], []);
            }

            backend.Await(Awaited.Complete.SilentBind);
            backend.Out.WriteDescribe(Preparation.Portal, []);
            backend.Await(rows.Mask is null
                ? Awaited.Columns.OfSimpleQuery
                : new Awaited.Columns(tellsNoData: false)
                {
                    Told = rows.Mask.Shape.Take,
                    Words = session.Masks?.Words,
                });
            backend.Out.WriteExecute([], maxRows: 0);
            backend.Await(rows);
        }
    }
}
