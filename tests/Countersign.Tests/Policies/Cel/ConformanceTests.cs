using System.Globalization;
using System.Text.Json;
using Countersign.Core.Policies.Cel;

namespace Countersign.Tests.Policies.Cel;

/// <summary>The public conformance data of CEL (cel-expr/cel-spec, tests/simple), without a schema.</summary>
public sealed class ConformanceTests
{
    private const string DataFile = "cel-conformance.json";

    private static readonly IReadOnlyList<ConformanceCase> Cases =
        RepositoryRoot.FindSharedData(DataFile) is { } path ? ConformanceCase.ReadAll(path) : [];

    /// <summary>At least one number, so that missing data is reported as skipped and not as an empty theory.</summary>
    public static TheoryData<int> Numbers => [.. Enumerable.Range(0, Math.Max(1, Cases.Count))];

    [Theory]
    [MemberData(nameof(Numbers))]
    public void A_case_evaluates_as_the_specification_says(int number)
    {
        Assert.SkipWhen(Cases.Count == 0, $"{DataFile} is not beside the project");
        var conformance = Cases[number];
        Assert.SkipWhen(conformance.LeftOutBecause is not null, conformance.LeftOutBecause ?? "");

        var actual = Evaluate(conformance);

        Assert.True(
            ConformanceCase.AreSame(conformance.Expected, actual),
            $"{conformance.File}/{conformance.Section}: {conformance.Expression}\n"
            + $"expected {conformance.Expected}\nactual   {actual}");
    }

    [Fact]
    public void The_page_says_how_many_cases_run_and_what_is_left_out_which_is_less_than_15_of_100()
    {
        Assert.SkipWhen(Cases.Count == 0, $"{DataFile} is not beside the project");

        var page = File.ReadAllText(RepositoryRoot.Combine("docs", "reference", "policy-conditions.md"));
        var leftOut = Cases.Where(each => each.LeftOutBecause is not null).ToList();
        var run = Cases.Count - leftOut.Count;

        Assert.InRange(leftOut.Count * 100 / Cases.Count, 0, 14);
        Assert.Contains(
            string.Create(
                CultureInfo.InvariantCulture,
                $"of its {Cases.Count:N0} public test cases that need no protobuf, {run:N0} are run and all of them "),
            page,
            StringComparison.Ordinal);
        Assert.All(
            leftOut.CountBy(each => each.File),
            file => Assert.Contains($" | {file.Value} (`{file.Key}`) | ", page, StringComparison.Ordinal));
    }

    private static JsonElement Evaluate(ConformanceCase conformance)
    {
        var value = CelJson.Evaluate(conformance.Expression, conformance.Bindings, TimeZones.Find);
        return JsonSerializer.SerializeToElement(CelJson.Print(value));
    }
}
