namespace Countersign.Core.Ledger;

/// <summary>The walk towards the root that both proofs of RFC 9162 section 2.1 share.</summary>
internal static class TreeStep
{
    /// <summary>
    /// Moves a node and the last node of its level one proof hash up, and tells whether the sibling is on the left. A
    /// last node without sibling is not hashed: it rises, level by level, until it is a right child.
    /// </summary>
    public static bool Climb(ref long node, ref long last)
    {
        var siblingIsLeft = IsRightChild(node) || node == last;
        while (siblingIsLeft && node != 0 && !IsRightChild(node))
        {
            Rise(ref node, ref last);
        }

        Rise(ref node, ref last);
        return siblingIsLeft;
    }

    /// <summary>Moves both to their parents.</summary>
    public static void Rise(ref long node, ref long last) => (node, last) = (node >> 1, last >> 1);

    public static bool IsRightChild(long node) => (node & 1) == 1;
}
