using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.CompilerServices;
using Countersign.Core.Ledger;

namespace Countersign.Server.Storage.Sqlite.Audit;

/// <summary>What the tables beside the log say wrongly; from whichever thread.</summary>
internal sealed class Findings
{
    private readonly List<string> _all = [];

    public ImmutableArray<string> All
    {
        get
        {
            lock (_all)
            {
                return [.. _all];
            }
        }
    }

    public void Add(string fault)
    {
        lock (_all)
        {
            if (_all.Count < LedgerAudit.MaxFaults)
            {
                _all.Add(fault);
            }
        }
    }

    /// <summary>Notes a fault unless something holds.</summary>
    public void Expect(bool holds, string fault)
    {
        if (!holds)
        {
            Add(fault);
        }
    }

    /// <summary>Notes a fault unless something holds; the sentence is made only then.</summary>
    public void Expect(bool holds, [InterpolatedStringHandlerArgument(nameof(holds))] ref FaultText fault)
    {
        if (!holds)
        {
            Add(fault.ToStringAndClear());
        }
    }
}

/// <summary>
/// A sentence about a fault that is spelled only where there is one: millions of rows are compared, and nearly all of
/// them hold.
/// </summary>
[InterpolatedStringHandler]
internal ref struct FaultText
{
    private DefaultInterpolatedStringHandler _text;

    public FaultText(int literalLength, int formattedCount, bool holds, out bool isSpelled)
    {
        isSpelled = !holds;
        _text = holds
            ? default
            : new DefaultInterpolatedStringHandler(literalLength, formattedCount, CultureInfo.InvariantCulture);
    }

    public void AppendLiteral(string value) => _text.AppendLiteral(value);

    public void AppendFormatted<T>(T value) => _text.AppendFormatted(value);

    public string ToStringAndClear() => _text.ToStringAndClear();
}
