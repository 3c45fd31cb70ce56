using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using Countersign.Core.Redaction.Scanning;

namespace Countersign.Core.Redaction;

/// <summary>Masks whole texts and values, one after the other.</summary>
public sealed class Redactor
{
    private const int MostColumns = 1024;

    private readonly Scanner _scanner;
    private readonly TextView _view = new();
    private readonly List<Found> _found = [];
    private readonly Dictionary<(string Name, ColumnType Type), ColumnContext> _columns = [];

    /// <summary>A redactor is used by one thread at a time; the plan by many.</summary>
    public Redactor(RedactionPlan plan) => (Plan, _scanner) = (plan, new Scanner(plan));

    /// <summary>What is masked and how.</summary>
    public RedactionPlan Plan { get; }

    internal long Steps => _scanner.Steps;

    /// <summary>Masks a text, and counts what was masked.</summary>
    public string Redact(string text, out RedactionReport report)
    {
        var masked = new ArrayBufferWriter<byte>();
        var bytes = Encoding.UTF8.GetBytes(text);
        var counts = new Dictionary<string, long>();
        var isSame = !Write(bytes, masked, counts);
        report = RedactionReport.Of(counts);
        return isSame ? text : Encoding.UTF8.GetString(masked.WrittenSpan);
    }

    /// <summary>Where sensitive values stand in a text, in UTF-16 code units.</summary>
    public ImmutableArray<RedactionSpan> Find(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        Scan(bytes);
        return SpansOf(text, bytes.Length);
    }

    /// <summary>Masks a value of a column, whose name says what it may be.</summary>
    public string RedactColumn(string column, ColumnType type, string value, out RedactionReport report)
    {
        using var named = Under(column, type);
        return Redact(value, out report);
    }

    /// <summary>What is scanned until the end of this belongs to a name, of a column or a member.</summary>
    internal NamedScope Under(string name, ColumnType type)
    {
        if (!_columns.TryGetValue((name, type), out var context))
        {
            // Names of members may come from whoever wrote the text.
            if (_columns.Count >= MostColumns)
            {
                _columns.Clear();
            }

            _columns.Add((name, type), context = new ColumnContext(name, type, Plan.Mode));
        }

        return Under(context);
    }

    /// <summary>The same for whoever kept what the name says.</summary>
    internal NamedScope Under(ColumnContext context) => new(_scanner, context);

    /// <summary>Masks UTF-8; nothing is written when there is nothing to mask.</summary>
    /// <param name="source">What is masked.</param>
    /// <param name="output">Receives it.</param>
    /// <param name="counts">How many values of which kind.</param>
    /// <param name="before">What stands before it, and is written as it is.</param>
    /// <returns>Whether something was masked.</returns>
    internal bool Write(
        ReadOnlySpan<byte> source, IBufferWriter<byte> output, Dictionary<string, long> counts,
        ReadOnlySpan<byte> before = default)
    {
        var text = Scan(source);
        if (_found.Count == 0)
        {
            return false;
        }

        output.Write(before);
        var written = 0;
        foreach (var found in _found)
        {
            var (start, end) = (_view.SourceOf(found.Start), _view.SourceOf(found.End));
            output.Write(source[written..start]);
            written = end;
            if (!found.IsTail)
            {
                counts[found.Kind.Name] = counts.GetValueOrDefault(found.Kind.Name) + 1;
                output.Write(Encoding.UTF8.GetBytes(
                    Masks.Of(Plan, found.Kind, source[start..end], text[found.Start..found.End])));
            }
        }

        output.Write(source[written..]);
        return true;
    }

    private ReadOnlySpan<byte> Scan(ReadOnlySpan<byte> source)
    {
        _found.Clear();
        if (_scanner.HoldsNothing(source))
        {
            return source;
        }

        _scanner.Reset();
        var text = _view.Read(source, isFinal: true);
        _scanner.Scan(text, 0, isFinal: true, _found);
        return text;
    }

    private ImmutableArray<RedactionSpan> SpansOf(string text, int length)
    {
        var spans = ImmutableArray.CreateBuilder<RedactionSpan>();
        var units = UnitsOf(text, length);
        foreach (var found in _found)
        {
            var (start, end) = (units[_view.SourceOf(found.Start)], units[_view.SourceOf(found.End)]);
            if (!found.IsTail)
            {
                spans.Add(new RedactionSpan(start, end, found.Kind));
            }
            else if (spans.Count > 0)
            {
                spans[^1] = spans[^1] with { End = end };
            }
        }

        return spans.ToImmutable();
    }

    /// <summary>For each byte of the text as UTF-8, the code unit that it belongs to.</summary>
    private static int[] UnitsOf(string text, int length)
    {
        var units = new int[length + 1];
        var (at, unit) = (0, 0);
        foreach (var rune in text.EnumerateRunes())
        {
            units.AsSpan(at, rune.Utf8SequenceLength).Fill(unit);
            at += rune.Utf8SequenceLength;
            unit += rune.Utf16SequenceLength;
        }

        units[length] = text.Length;
        return units;
    }
}

/// <summary>A name that values are scanned under, until it is disposed.</summary>
internal readonly ref struct NamedScope
{
    private readonly Scanner _scanner;
    private readonly ColumnContext? _before;

    public NamedScope(Scanner scanner, ColumnContext context)
    {
        (_scanner, _before) = (scanner, scanner.Column);
        scanner.Column = Context = context;
    }

    public ColumnContext Context { get; }

    public void Dispose() => _scanner.Column = _before;
}

/// <summary>Where one sensitive value stands, and what it is.</summary>
/// <param name="Start">The first code unit.</param>
/// <param name="End">The one behind it.</param>
/// <param name="Kind">What the value is.</param>
public sealed record RedactionSpan(int Start, int End, DataKind Kind);
