using System.Buffers;
using System.Security.Cryptography;
using Countersign.Core.Actions;
using Countersign.Core.Reviews;

namespace Countersign.Core.Reads;

/// <summary>
/// Reads of one session on their way into one entry. The parameters of all of them stand in one buffer, so that a read
/// costs no object of its own.
/// </summary>
internal sealed class ReadBatch(ReadWindow? window, ReadLimits limits, DateTimeOffset since, Func<ActionId> nextId)
{
    /// <summary>Of a read whose entry is written before its answer has ended.</summary>
    public const string GoesOn = "goes on";

    /// <summary>Drawn when something has to be called by it, which for most is the writer.</summary>
    private readonly Lazy<ActionId> _id = new(nextId);

    private readonly List<ReadStatement> _statements = [];
    private readonly Dictionary<ReadStatement, int> _indexes = new(ReferenceEqualityComparer.Instance);
    private readonly List<Read> _reads = [];
    private readonly ArrayBufferWriter<byte> _parameters = new();
    private long _textBytes;

    /// <summary>The window in which they ran; <c>null</c> when their answers wait for the entry.</summary>
    public ReadWindow? Window => window;

    /// <summary>The action of its entry.</summary>
    public ActionId Id => _id.Value;

    /// <summary>When it was begun, by the store's clock.</summary>
    public DateTimeOffset Since => since;

    /// <summary>Whether the journal has its reads, so that answers need not wait for the entry.</summary>
    public bool IsJournaled { get; init; }

    public int Count => _reads.Count;

    public Read Last => _reads[^1];

    /// <summary>Reads in it whose answers go on.</summary>
    public int Open { get; private set; }

    /// <summary>Whether it is old enough to be handed over as soon as none of its answers goes on.</summary>
    public bool IsOver { get; set; }

    public bool IsFull =>
        _reads.Count >= limits.EntryReads || _parameters.WrittenCount + _textBytes >= limits.EntryBytes;

    public IReadOnlyList<ReadStatement> Statements => _statements;

    public IEnumerable<Read> Reads => _reads;

    public ReadOnlySpan<byte> ParametersOf(in Read read) =>
        _parameters.WrittenSpan.Slice(read.Offset, read.IsHashed ? SHA256.HashSizeInBytes : read.Length);

    /// <summary>Adds a read whose answer has not ended; <see cref="Complete"/> says how it did.</summary>
    /// <returns>Its place.</returns>
    public int Begin(in ReadNote note)
    {
        Add(note with { State = OutcomeState.Unknown, Error = GoesOn });
        Open++;
        return _reads.Count - 1;
    }

    public void Complete(int place, in ReadNote note)
    {
        _reads[place] = _reads[place] with { Note = note with { Parameters = default } };
        Open--;
    }

    public void Add(in ReadNote note)
    {
        if (!_indexes.TryGetValue(note.Statement, out var index))
        {
            index = _statements.Count;
            _indexes.Add(note.Statement, index);
            _statements.Add(note.Statement);
            _textBytes += note.Statement.Text.Length;
        }

        var offset = _parameters.WrittenCount;
        var isHashed = note.Parameters.Length > limits.EntryBytes;
        if (isHashed)
        {
            SHA256.HashData(note.Parameters.Span, _parameters.GetSpan(SHA256.HashSizeInBytes));
            _parameters.Advance(SHA256.HashSizeInBytes);
        }
        else
        {
            _parameters.Write(note.Parameters.Span);
        }

        _reads.Add(new Read(note, index, offset) { IsHashed = isHashed });
    }

    /// <summary>A read, its statement's place and its parameters' place; the caller's own bytes are not kept.</summary>
    public readonly record struct Read
    {
        public Read(in ReadNote note, int statement, int offset)
        {
            (Statement, Offset, Length) = (statement, offset, note.Parameters.Length);
            Note = note with { Parameters = default };
        }

        public ReadNote Note { get; init; }

        public int Statement { get; }

        public int Offset { get; }

        /// <summary>Bytes of the parameters as they were sent.</summary>
        public int Length { get; }

        /// <summary>Whether only their SHA-256 is kept, because they would fill more than an entry.</summary>
        public bool IsHashed { get; init; }
    }
}
