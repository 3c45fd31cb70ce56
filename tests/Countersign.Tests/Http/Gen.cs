namespace Countersign.Tests.Http;

/// <summary>Runs a test over generated input; the seed of a case that fails is in its message.</summary>
internal static class Gen
{
    public static void Fuzz(int cases, Action<Random> test)
    {
        for (var seed = 0; seed < cases; seed++)
        {
            try
            {
                test(new Random(seed));
            }
            catch (Exception failure)
            {
                throw new InvalidOperationException($"Seed {seed}: {failure.Message}", failure);
            }
        }
    }
}
