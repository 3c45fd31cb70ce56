namespace Countersign.Tests.Architecture;

/// <summary>One breach of a rule: where it is, and what would mend it.</summary>
internal sealed record Finding(string Path, int Line, string Remedy)
{
    public override string ToString() => $"{Path}:{Line}: {Remedy}";

    /// <summary>Fails with every finding on its own line.</summary>
    public static void AssertNone(IEnumerable<Finding> findings)
    {
        List<Finding> all = [.. findings];
        Assert.True(all.Count == 0, string.Join('\n', all.Prepend<object>($"{all.Count} findings")));
    }
}
