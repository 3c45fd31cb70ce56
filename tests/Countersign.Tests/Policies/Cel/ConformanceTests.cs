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
    public void At_least_nine_of_ten_cases_are_supported()
    {
        Assert.SkipWhen(Cases.Count == 0, $"{DataFile} is not beside the project");

        var passed = Cases.Count(conformance =>
            conformance.LeftOutBecause is null && ConformanceCase.AreSame(conformance.Expected, Evaluate(conformance)));

        TestContext.Current.SendDiagnosticMessage($"CEL conformance: {passed} of {Cases.Count} cases pass");
        Assert.InRange(passed, Cases.Count * 9 / 10, Cases.Count);
    }

    private static JsonElement Evaluate(ConformanceCase conformance)
    {
        var value = CelJson.Evaluate(conformance.Expression, conformance.Bindings, TimeZones.Find);
        return JsonSerializer.SerializeToElement(CelJson.Print(value));
    }
}
