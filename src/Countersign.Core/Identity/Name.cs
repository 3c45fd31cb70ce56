namespace Countersign.Core.Identity;

/// <summary>The rule that every identifier a person writes into the configuration obeys.</summary>
internal static class Name
{
    public const int MaxLength = 128;

    /// <summary>
    /// Returns the name, or refuses it: letters, digits and <c>. _ @ -</c>, starting with a letter or digit.
    /// </summary>
    public static string Check(string? value, string what)
    {
        if (IsValid(value))
        {
            return value!;
        }

        throw new ArgumentException(
            $"'{value}' is not a {what}: use 1 to {MaxLength} letters, digits, '.', '_', '@' or '-', " +
            "starting with a letter or digit.");
    }

    public static bool IsValid(string? value) =>
        value is { Length: > 0 and <= MaxLength } && char.IsAsciiLetterOrDigit(value[0]) && value.All(IsAllowed);

    private static bool IsAllowed(char c) => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '@' or '-';
}
