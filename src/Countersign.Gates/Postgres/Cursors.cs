using Countersign.Core.Actions;
using Countersign.Core.Policies;
using Countersign.Core.Records;

namespace Countersign.Gates.Postgres;

/// <summary>
/// The cursors of SQL in one session. What opens one was judged and recorded without its rows, so what is fetched is
/// recorded as a read of its own, with the facts and the verdict of what opened the cursor. Nobody would hold it to the
/// bounds of a statement that is over.
/// </summary>
internal sealed class Cursors
{
    /// <summary>Names that a session remembers; of others the record says what opened the last one.</summary>
    private const int MaxRemembered = 1_000;

    private readonly Dictionary<string, Opening> _declared = new(StringComparer.Ordinal);

    /// <summary>What may have opened those that nobody declared.</summary>
    private Opening? _last;

    /// <summary>Whether code with a bound on its rows has run, which may have opened any cursor.</summary>
    private bool _isBounded;

    /// <summary>How a read begins that is recorded with its answer.</summary>
    public Func<Core.Reads.ReadStatement, AwaitedRows> Begin { get; set; } = static _ => AwaitedRows.Plain;

    /// <summary>A read that opens a cursor is on its way.</summary>
    public void OnRead(string name, Allowed allowed) => Put(name, new Opening(allowed.Facts, allowed.Verdict));

    /// <summary>An action runs. It may declare cursors, and code in it may open any, also under a known name.</summary>
    public void OnRun(RunnableStatement statement, ActionRecord action)
    {
        var opening = new Opening(action.Facts, action.Verdict);
        if (statement.RunsCode)
        {
            _last = opening;
            if (action.RowCeiling is not null || action.OutputCeiling is not null)
            {
                _isBounded = true;
                _declared.Clear();
            }
        }

        foreach (var declared in statement.Cursors)
        {
            Put(declared.Name, opening);
        }
    }

    /// <summary>Why nothing may be fetched from a cursor.</summary>
    public Refusal? WhyNot(string name) =>
        _isBounded && !_declared.ContainsKey(name) ? PostgresAnswers.UncountedCursor() : null;

    /// <summary>How the rows of a FETCH or MOVE are taken.</summary>
    /// <param name="cursor">The cursor's name.</param>
    /// <param name="text">The statement, as it was sent.</param>
    public AwaitedRows Fetch(string cursor, string text) =>
        (_declared.GetValueOrDefault(cursor) ?? _last) is { } opening
            ? Begin(opening.RecordOf(text))
            : AwaitedRows.Plain;

    private void Put(string name, Opening opening)
    {
        if (_declared.Count >= MaxRemembered)
        {
            _declared.Clear();
        }

        _declared[name] = _last = opening;
    }

    /// <summary>What opened a cursor.</summary>
    private sealed class Opening(Facts facts, Verdict verdict)
    {
        private Core.Reads.ReadStatement? _record;

        /// <summary>A program that fetches in a loop repeats itself, and an entry says each statement once.</summary>
        public Core.Reads.ReadStatement RecordOf(string text) => _record is { } known && known.Text == text
            ? known
            : _record = new Core.Reads.ReadStatement(
                PostgresActionReader.Operation, text, facts, verdict, Allowed.WriteNone);
    }
}
