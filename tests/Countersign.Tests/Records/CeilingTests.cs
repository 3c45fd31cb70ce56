using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Tests.Reviews;

namespace Countersign.Tests.Records;

/// <summary>What an execution may not exceed when several rules had a say.</summary>
public sealed class CeilingTests
{
    [Fact]
    public void Without_bounds_there_is_no_ceiling()
    {
        var record = RecordWith(Bounds.None);

        Assert.Null(record.RowCeiling);
        Assert.Null(record.TimeCeiling);
        Assert.Null((record with { Verdict = LifecycleSample.Held() }).RowCeiling);
    }

    [Fact]
    public void The_least_of_all_rules_holds()
    {
        var record = RecordWith(
            Bounds.None with { Rows = 40, Time = TimeSpan.FromSeconds(60), Output = 10 },
            Bounds.None,
            Bounds.None with { Rows = 7, Time = TimeSpan.FromSeconds(90), Output = 20 });

        Assert.Equal(7, record.RowCeiling);
        Assert.Equal(TimeSpan.FromSeconds(60), record.TimeCeiling);
        Assert.Equal(10, record.OutputCeiling);
    }

    [Theory]
    [InlineData(3, null, 3)]
    [InlineData(3, 10, 3)]
    [InlineData(30, 10, 10)]
    public void The_number_that_the_reviewers_saw_is_a_ceiling(int seen, int? rows, int expected)
    {
        var record = RecordWith(new Bounds(RowsFromPreview: true, rows, Time: null)) with
        {
            Preview = new Preview("deletes rows") { Rows = seen },
        };

        Assert.Equal(expected, record.RowCeiling);
    }

    [Fact]
    public void When_they_saw_no_number_no_row_may_be_touched()
    {
        var record = RecordWith(new Bounds(RowsFromPreview: true, Rows: 10, Time: null));

        Assert.Equal(0, (record with { Preview = null }).RowCeiling);
        Assert.Equal(0, (record with { Preview = Preview.Failed("too late") }).RowCeiling);
    }

    private static ActionRecord RecordWith(params Bounds[] bounds) => PayloadTests.Sample() with
    {
        Verdict = LifecycleSample.Held([.. bounds.Select(each =>
            LifecycleSample.Requires(LifecycleSample.Stage(1)) with { Bounds = each })]),
    };
}
