using Countersign.Core.Policies;

namespace Countersign.Tests.Policies;

/// <summary>
/// Each case of <c>load-errors.txt</c>: files, each after a line <c>--- NAME</c>, and after <c>--- errors</c> every
/// error with its place, or nothing when the policy is accepted.
/// </summary>
public sealed class LoadErrorTests
{
    private const string CaseMark = "=== ";
    private const string PartMark = "--- ";

    private static readonly Dictionary<string, string> Cases = File
        .ReadAllText(RepositoryRoot.Combine("tests", "Countersign.Tests", "Policies", "load-errors.txt"))
        .Split('\n' + CaseMark, StringSplitOptions.RemoveEmptyEntries)
        .Skip(1)
        .ToDictionary(text => text[..text.IndexOf('\n', StringComparison.Ordinal)]);

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_policy_is_refused_with_the_place_of_every_error(string name)
    {
        string[] parts = Cases[name].Split('\n' + PartMark);
        var files = parts[1..^1].Select(part => new PolicyText(FirstLine(part), Rest(part))).ToList();

        var load = Policy.Load(files, PolicyFixture.Staff);

        string errors = load is PolicyLoad.Refused refused ? refused.ToString() : "";
        Assert.Equal(Rest(parts[^1]).Trim(), errors);
    }

    private static string FirstLine(string part) => part[..part.IndexOf('\n', StringComparison.Ordinal)];

    private static string Rest(string part) => part[(part.IndexOf('\n', StringComparison.Ordinal) + 1)..];
}
