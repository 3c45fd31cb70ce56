using Countersign.Core.Ledger;

namespace Countersign.Tests.Ledger;

/// <summary>What an attacker might try on the hashes of a proof.</summary>
internal static class ProofMutations
{
    public static IEnumerable<Hash32[]> Of(IReadOnlyList<Hash32> hashes)
    {
        var foreign = TestTree.Leaf(-1);
        yield return [.. hashes, foreign];
        yield return [foreign, .. hashes];
        for (var i = 0; i < hashes.Count; i++)
        {
            yield return [.. hashes.Take(i), .. hashes.Skip(i + 1)];
            yield return [.. hashes.Take(i), foreign, .. hashes.Skip(i + 1)];
            yield return [.. hashes.Take(i + 1), .. hashes.Skip(i)];
        }

        if (hashes.Count > 1)
        {
            yield return [.. hashes.Reverse()];
        }
    }
}
