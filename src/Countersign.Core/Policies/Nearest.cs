using Countersign.Core.Policies.Cel.Checking;

namespace Countersign.Core.Policies;

/// <summary>
/// Guesses which known name a misspelt one was meant to be, the same way for documents and conditions.
/// </summary>
internal static class Nearest
{
    public static string? To(string written, IEnumerable<string> known) => Suggestions.Nearest(written, known);
}
