using System.Text;

namespace Countersign.Server.Exports;

/// <summary>
/// CSV of RFC 4180 that spreadsheets show as text: a field that one would take for a formula begins with an apostrophe,
/// and so does one that begins with an apostrophe itself, so that reading takes exactly one away.
/// </summary>
/// <remarks>
/// What makes a formula: = + - @, and tab and carriage return, behind which some programs look for one (OWASP, "CSV
/// Injection").
/// </remarks>
internal static class CsvText
{
    private const string Dangerous = "=+-@\t\r'";

    /// <summary>One line, with its line break.</summary>
    public static string Join(IEnumerable<string?> fields) =>
        string.Join(',', fields.Select(static field => Spell(field ?? ""))) + "\r\n";

    /// <summary>
    /// The fields of the next record; <c>null</c> at the end. A field in quotes may run over several lines.
    /// </summary>
    /// <exception cref="FormatException">Quotes are not closed, or stand where none may.</exception>
    public static List<string>? Read(TextReader reader)
    {
        if (reader.Peek() < 0)
        {
            return null;
        }

        var fields = new List<string>();
        while (true)
        {
            var field = reader.Peek() == '"' ? ReadQuoted(reader) : ReadPlain(reader);
            fields.Add(Unmark(field));
            switch (reader.Read())
            {
                case ',':
                    break;
                case '\r' when reader.Read() == '\n':
                    return fields;
                default:
                    throw new FormatException("A record ends in something else than a line break.");
            }
        }
    }

    private static string Spell(string field)
    {
        var safe = field.Length > 0 && Dangerous.Contains(field[0], StringComparison.Ordinal) ? "'" + field : field;
        return safe.AsSpan().ContainsAny(',', '"', '\n') || safe.Contains('\r', StringComparison.Ordinal)
            ? $"\"{safe.Replace("\"", "\"\"", StringComparison.Ordinal)}\""
            : safe;
    }

    private static string ReadPlain(TextReader reader)
    {
        var field = new StringBuilder();
        while (reader.Peek() is not (',' or '\r' or '\n' or '"' or -1))
        {
            field.Append((char)reader.Read());
        }

        return field.ToString();
    }

    private static string ReadQuoted(TextReader reader)
    {
        var field = new StringBuilder();
        reader.Read();
        while (true)
        {
            var letter = reader.Read();
            if (letter < 0)
            {
                throw new FormatException("The file ends inside of quotes.");
            }

            if (letter == '"' && reader.Peek() != '"')
            {
                return field.ToString();
            }

            // Of two quotes one stands for itself.
            field.Append((char)(letter == '"' ? reader.Read() : letter));
        }
    }

    private static string Unmark(string field) =>
        field.Length > 1 && field[0] == '\'' && Dangerous.Contains(field[1], StringComparison.Ordinal)
            ? field[1..]
            : field;
}
