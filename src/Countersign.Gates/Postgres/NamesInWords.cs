using System.Text;
using Countersign.Gates.Postgres.Wire;

namespace Countersign.Gates.Postgres;

/// <summary>
/// Errors and notices of the database say what a statement is called there; the client reads its own name for it.
/// </summary>
internal sealed class NamesInWords(Names names)
{
    private readonly byte[] _prefix = Encoding.UTF8.GetBytes(names.Prefix);

    /// <param name="message">An ErrorResponse or a NoticeResponse.</param>
    public WireMessage Of(WireMessage message)
    {
        if (message.Body.IndexOf(_prefix) < 0)
        {
            return message;
        }

        var fields = ErrorFields.Read(message.Body);
        fields = fields with
        {
            Message = InClients(fields.Message)!,
            Detail = InClients(fields.Detail),
            InternalQuery = InClients(fields.InternalQuery),
            Where = InClients(fields.Where),
        };
        using var writer = new WireWriter(Stream.Null);
        writer.Begin(message.Type);
        fields.Write(writer);
        writer.End();
        return new WireMessage(message.Type, writer.ToArray());
    }

    private string? InClients(string? text)
    {
        var at = 0;
        while (text is not null && (at = text.IndexOf(names.Prefix, at, StringComparison.Ordinal)) >= 0)
        {
            var end = at + names.Prefix.Length;
            while (end < text.Length && char.IsAsciiDigit(text[end]))
            {
                end++;
            }

            var name = names.FindName(text[at..end]) ?? text[at..end];
            text = string.Concat(text.AsSpan(0, at), name, text.AsSpan(end));
            at += name.Length;
        }

        return text;
    }
}
