using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Countersign.Core.Redaction;
using Countersign.Gates.Postgres.Wire;

namespace Countersign.Gates.Postgres.Masking;

/// <summary>
/// Masks the rows of one statement, however they come: as rows of either protocol, in text or binary, or as COPY data.
/// </summary>
internal sealed class ResultMask(ColumnRedactor redactor, Func<MaskPlan> plan)
{
    private readonly Dictionary<string, long> _counts = new(StringComparer.Ordinal);
    private MaskPlan? _plan;
    private RowMask? _rows;
    private CopyMask? _copy;
    private int _rowColumns = -1;
    private bool _isTold;

    /// <summary>The columns of the portal, once the database has described it.</summary>
    public required ResultShape Shape { get; init; }

    /// <summary>Whether the statement may run code that somebody made.</summary>
    public bool RunsCode { get; init; }

    /// <summary>Whether its words may quote what it reads from settings.</summary>
    public bool ReadsSettings { get; init; }

    /// <summary>Whether errors of it can only name what its text names: it looks at no row.</summary>
    public bool LooksAtNoRow { get; init; }

    /// <summary>What a COPY writes.</summary>
    public CopyFormat? Copy { get; init; }

    /// <summary>What the columns of a COPY are called.</summary>
    public ImmutableArray<string> Names { get; init; } = [];

    /// <summary>Told when the statement has ended well.</summary>
    public Action Done { get; init; } = static () => { };

    /// <summary>Whether the client was not told this yet.</summary>
    public Func<string, bool> IsNews { get; init; } = static _ => true;

    /// <summary>
    /// Whether the database has to describe the result: not when all of it passes, and not before it is known.
    /// </summary>
    public bool NeedsShape => !HasNoRows && (redactor.LooksForValues || IsLate || !Plan.PassesAll);

    /// <summary>Whether no rows come of such a statement.</summary>
    public bool HasNoRows { get; init; }

    /// <summary>Whether what is masked depends on what came before it, as with a cursor.</summary>
    public bool IsLate { get; init; }

    /// <summary>Whether a row of so many columns may be changed, so that it has to be here as a whole.</summary>
    public bool RewritesRow(int columns) =>
        redactor.LooksForValues || Enumerable.Range(0, columns).Any(i => Plan.Of(i, columns) is not null);

    /// <summary>Whether COPY data may be changed.</summary>
    public bool RewritesCopy => _copy is not null;

    private MaskPlan Plan => _plan ??= plan();

    /// <summary>Writes how many values of which kind were masked, if any were.</summary>
    public static void WriteReport(IEnumerable<ResultMask?> masks, Utf8JsonWriter json)
    {
        var counts = masks.OfType<ResultMask>().SelectMany(static mask => mask._counts)
            .GroupBy(static count => count.Key, static count => count.Value)
            .OrderBy(static kind => kind.Key, StringComparer.Ordinal)
            .ToList();
        if (counts.Count == 0)
        {
            return;
        }

        json.WriteStartObject("masked");
        counts.ForEach(kind => json.WriteNumber(kind.Key, kind.Sum()));
        json.WriteEndObject();
    }

    /// <summary>Appends a row.</summary>
    public void WriteRow(WireMessage message, Client client)
    {
        var count = RowMask.CountIn(message.Body);
        if (_rows is null || _rowColumns != count)
        {
            _rows = new RowMask(count, Plan, Shape, redactor, _counts);
            _rowColumns = count;
        }

        if (_rows.PassesAll)
        {
            client.Out.Append(message.Bytes.Span);
            return;
        }

        Tell(_rows.Names, client);
        Count(_rows.Write(message.Body, client.Out));
    }

    /// <summary>COPY data begins.</summary>
    public void BeginCopy(WireMessage message)
    {
        var response = CopyResponseBody.Read(message.Body);
        var format = (Copy ?? new CopyFormat()) with { IsBinary = response.IsBinary };
        var columns = new CopyColumns(response.ColumnCount, Names, MaskLimits.Row);
        _copy = redactor.LooksForValues || columns.Count != Plan.Columns.Length || !Plan.PassesAll
            ? new CopyMask(format, Plan, columns, redactor, _counts)
            : null;
    }

    /// <summary>Appends COPY data.</summary>
    public void WriteCopy(WireMessage message, Client client)
    {
        if (_copy is null)
        {
            client.Out.Append(message.Bytes.Span);
            return;
        }

        Tell([.. _copy.Fields.Select(i => i < Names.Length ? Names[i] : "?column?")], client);
        Count(_copy.Take(message.Body, client.Out));
    }

    public void EndCopy() => _copy?.End();

    /// <summary>An agent that reads NULL has to know that there was something else.</summary>
    private void Tell(ImmutableArray<string> names, Client client)
    {
        const int most = 20;
        if (_isTold || names.IsEmpty)
        {
            return;
        }

        _isTold = true;
        var listed = string.Join(", ", names.Take(most).Select(redactor.Words));
        var more = names.Length > most
            ? string.Create(CultureInfo.InvariantCulture, $" and {names.Length - most} more")
            : "";
        var notice = names.Length == 1
            ? $"1 column is masked for you: {listed}"
            : string.Create(CultureInfo.InvariantCulture, $"{names.Length} columns are masked for you: {listed}{more}");
        if (IsNews(notice))
        {
            client.Notice(notice);
        }
    }

    private void Count(int masked)
    {
        if (masked > 0)
        {
            _counts[ColumnRedactor.Field] = _counts.GetValueOrDefault(ColumnRedactor.Field) + masked;
        }
    }
}
