using System.Globalization;
using Countersign.Core.Receipts;

namespace Countersign.Tests.Documentation;

/// <summary>What auditors read about doubts is what the verifier knows.</summary>
public sealed class ReceiptPageTests
{
    [Fact]
    public void The_page_explains_every_doubt_at_its_step_and_no_other()
    {
        var page = File.ReadAllText(RepositoryRoot.Combine("docs", "reference", "receipts.md"));
        var rows = page[page.IndexOf("## Doubts", StringComparison.Ordinal)..page.IndexOf(
            "## Vectors", StringComparison.Ordinal)]
            .Split('\n').Where(line => line.StartsWith("| `", StringComparison.Ordinal))
            .Select(line => line.Split('|', StringSplitOptions.TrimEntries))
            .Select(cells => (Doubt: cells[1].Trim('`'), Step: int.Parse(cells[2], CultureInfo.InvariantCulture)));

        Assert.Equal(Enum.GetValues<Doubt>().Select(doubt => (doubt.ToText(), doubt.StepOf())), rows);
    }
}
