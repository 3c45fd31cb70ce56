namespace Countersign.Core.Schemas;

/// <summary>
/// What one comparison may cost: references may lead back to themselves, and branches multiply. Beyond a limit nothing
/// more is said.
/// </summary>
internal sealed class SchemaEffort
{
    /// <summary>
    /// References and branches inside one another; a value nested to its own limit may need several for each level.
    /// </summary>
    public const int MostDepth = 256;

    /// <summary>Parts of the schema that are compared with parts of the arguments.</summary>
    private const int MostComparisons = 100_000;

    private int _spent;

    public bool IsOver { get; private set; }

    public bool TrySpend()
    {
        IsOver |= ++_spent > MostComparisons;
        return !IsOver;
    }

    public void GiveUp() => IsOver = true;
}
