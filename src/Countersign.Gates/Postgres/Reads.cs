using System.Text;
using System.Text.Json;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Policies;
using Countersign.Core.Reads;
using Countersign.Core.Storage;
using Countersign.Gates.Postgres.Parsing;
using Countersign.Gates.Postgres.Wire;

namespace Countersign.Gates.Postgres;

/// <summary>
/// The reads of one session that pass without waiting for anybody: facts prove that they change nothing, the policy
/// allows them whatever their parameters are, and they are recorded together with their answers (<c>with</c>) or in a
/// window that was declared beforehand (<c>behind</c>). Everything else goes through the gatekeeper.
/// </summary>
internal sealed class Reads : IAsyncDisposable
{
    /// <summary>Shapes whose verdict a session remembers; more are asked for again.</summary>
    private const int MaxRemembered = 1_000;

    private readonly SessionState _session;
    private readonly SessionReads _reads;
    private readonly Dictionary<ReadStatement, Allowed?> _outside = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<ReadStatement, Allowed?> _inTransaction = new(ReferenceEqualityComparer.Instance);
    private Charter? _charter;
    private AwaitedRead? _running;
    private bool _isUnrecorded;
    private bool _isBroken;

    public Reads(SessionState session)
    {
        _session = session;
        _reads = session.Options.Reads.Open(new ReadSession(session.Asker, session.Target, GateKind.Postgres)
        {
            Claimed = Claimed.Of(session.Reason, session: null),
        });
        session.Client.BeforeBytesLeave = RecordAsync;
        session.Cursors.Begin = statement => BeginWith(new ReadNote(statement, default, session.Options.Reads.Now));
    }

    /// <summary>How a statement may pass; <c>null</c> when it has to be asked for.</summary>
    public Allowed? FindAllowed(ReadStatement? statement)
    {
        if (statement is null || statement.IsOfSession
            || !statement.Effects.IsReadOnly || !statement.Effects.Settings.IsEmpty
            || _session.WhyUnseen is not null || _session.Options.Stopped.Contains(_session.Asker.Agent))
        {
            return null;
        }

        var (charter, isInTransaction) = (_session.Options.Charter(), _session.IsInTransaction);
        var known = isInTransaction ? _inTransaction : _outside;
        if (charter != _charter || known.Count >= MaxRemembered)
        {
            _outside.Clear();
            _inTransaction.Clear();
            _charter = charter;
        }

        if (!known.TryGetValue(statement, out var allowed))
        {
            known[statement] = allowed = Judge(statement, isInTransaction, charter);
        }

        return allowed;
    }

    /// <summary>
    /// How a portal may go on that passed when it was bound; <c>null</c> when it may not any more. Between the two,
    /// another policy may have come into force, or people may have stopped the agent.
    /// </summary>
    public Allowed? FindAllowed(Portal portal)
    {
        if (portal is not { Allowed: { } allowed, Passed: { } statement }
            || _session.Options.Stopped.Contains(_session.Asker.Agent))
        {
            return null;
        }

        var charter = _session.Options.Charter();
        return ReferenceEquals(charter, allowed.Charter)
            ? allowed
            : Judge(statement, allowed.IsInTransaction, charter);
    }

    /// <summary>
    /// Makes room for one read that is about to be sent; what it answers is recorded when it is complete.
    /// </summary>
    public async ValueTask<AwaitedRead> BeginAsync(
        Allowed allowed, Core.Reads.ReadStatement statement, ReadOnlyMemory<byte> parameters,
        CancellationToken cancellationToken)
    {
        if (allowed.Opens is { } cursor)
        {
            _session.Cursors.OnRead(cursor, allowed);
        }

        var now = _session.Options.Reads.Now;
        if (allowed.Mode == RecordMode.Behind)
        {
            var ticket = _reads.TryBegin(out var free) ? free : await _reads.BeginAsync(cancellationToken);
            return new AwaitedRead(this, new ReadNote(statement, parameters, now)) { Ticket = ticket };
        }

        return BeginWith(new ReadNote(statement, parameters, now));
    }

    private AwaitedRead BeginWith(ReadNote note)
    {
        var mark = _reads.Begin(note);
        _isUnrecorded |= mark.IsBegun;
        return new AwaitedRead(this, note) { Mark = mark };
    }

    public ValueTask DisposeAsync() => _reads.DisposeAsync();

    /// <summary>The answer to a read begins.</summary>
    public void Start(AwaitedRead read) => _running = read;

    public void End(AwaitedRead read, in ReadNote note)
    {
        if (_running == read)
        {
            _running = null;
        }

        if (read.Ticket is { } ticket)
        {
            _reads.End(ticket, note);
            return;
        }

        _reads.Add(note, read.Mark);
        _isUnrecorded = true;
    }

    /// <summary>The read was not run after all.</summary>
    public void Drop(AwaitedRead read)
    {
        read.Ticket?.GiveBack();
        if (read.Mark.IsBegun)
        {
            End(read, read.NoteOfDropped());
        }
    }

    /// <summary>
    /// No byte of an answer leaves before the record of its read is durable. Of one that is too long to be held the
    /// record says that it goes on; how it ended follows.
    /// </summary>
    private async ValueTask RecordAsync(CancellationToken cancellationToken)
    {
        if (_running is { Ticket: null, Mark.IsBegun: false } running)
        {
            _reads.Add(running.NoteSoFar());
            _isUnrecorded = true;
        }

        if (_isUnrecorded)
        {
            if (_isBroken)
            {
                throw new StoreUnavailableException("What was read could not be recorded; it is withheld.");
            }

            // Until it is durable: whoever tries again to let the answers out has not recorded them by that.
            _isBroken = true;
            await _reads.RecordAsync(cancellationToken);
            _isBroken = _isUnrecorded = false;
        }
    }

    private Allowed? Judge(ReadStatement statement, bool isInTransaction, Charter charter)
    {
        var asking = PostgresActionReader.ReadShape(
            _session.Asker, _session.Target, statement.Effects, isInTransaction);
        if (charter.JudgeShape(asking) is not { Outcome: VerdictOutcome.Allow } verdict)
        {
            return null;
        }

        var mode = verdict.RecordAt(_session.Target);
        if (mode == RecordMode.Behind && _session.Masks is not null)
        {
            // Configuration refuses this; should a rule say it all the same, the stricter of both holds.
            mode = RecordMode.With;
        }

        return mode == RecordMode.Before
            ? null
            : new Allowed(mode, asking.Facts, verdict)
            {
                Charter = charter,
                IsInTransaction = isInTransaction,
                Opens = (statement.Form as Parsed.DeclareCursor)?.Name,
            };
    }
}

/// <summary>How reads of one shape may pass.</summary>
/// <param name="Mode">How they are recorded: <c>with</c> or <c>behind</c>.</param>
/// <param name="Facts">What the record says of them.</param>
/// <param name="Verdict">Why they may.</param>
internal sealed record Allowed(RecordMode Mode, Facts Facts, Verdict Verdict)
{
    /// <summary>What was in force when it was judged.</summary>
    public required Charter Charter { get; init; }

    /// <summary>Whether it was judged as a part of a transaction.</summary>
    public required bool IsInTransaction { get; init; }

    /// <summary>The cursor that it opens, whose rows come later.</summary>
    public string? Opens { get; init; }

    /// <summary>The half of the record that all executions of one text share.</summary>
    public Core.Reads.ReadStatement Of(string text, WriteParameters parameters) =>
        new(PostgresActionReader.Operation, text, Facts, Verdict, parameters);

    /// <summary>A text without parameters.</summary>
    public static void WriteNone(Utf8JsonWriter json, ReadOnlySpan<byte> parameters)
    {
        json.WriteStartArray();
        json.WriteEndArray();
    }
}

/// <summary>The answer to a read that passed: counted, and noted when it is complete.</summary>
internal sealed class AwaitedRead(Reads reads, ReadNote begun) : AwaitedRows(isSilent: false)
{
    private long _rows;
    private long _bytes;
    private bool _hasBegun;

    /// <summary>Under <c>behind</c>, the window it counts in.</summary>
    public ReadTicket? Ticket { get; init; }

    /// <summary>Under <c>with</c>, where it is recorded already.</summary>
    public ReadMark Mark { get; init; }

    public override bool OnLargeData(MessageHead head)
    {
        Begin();
        _rows++;
        _bytes += head.Length;
        return true;
    }

    public override void Drop() => reads.Drop(this);

    public override void Fail(ErrorFields error) => reads.End(this, Note() with
    {
        State = Core.Reviews.OutcomeState.Failed,
        Error = error.Code,
    });

    /// <summary>What is known of it while it goes on.</summary>
    public ReadNote NoteSoFar() => Note() with
    {
        State = Core.Reviews.OutcomeState.Unknown,
        Error = "goes on",
    };

    /// <summary>An error came before it, so it did not run.</summary>
    public ReadNote NoteOfDropped() => Note() with
    {
        State = Core.Reviews.OutcomeState.Failed,
        Error = "not run",
    };

    protected override bool OnData(WireMessage message)
    {
        Begin();
        _rows++;
        _bytes += message.Bytes.Length;
        return true;
    }

    protected override bool OnEnd(WireMessage message)
    {
        reads.End(this, Note());
        return true;
    }

    private void Begin()
    {
        if (!_hasBegun)
        {
            _hasBegun = true;
            reads.Start(this);
        }
    }

    private ReadNote Note() => begun with { Rows = _rows, Bytes = _bytes };
}
