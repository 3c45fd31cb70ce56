using System.Security.Cryptography;
using System.Text;
using MimeKit;
using MimeKit.Text;

namespace Countersign.Server.Channels.Email;

/// <summary>One mail to one person: plain text, with nothing in it that does anything when it is opened.</summary>
/// <param name="To">Whom it goes to.</param>
/// <param name="Name">What the person is called; fit to be shown.</param>
/// <param name="Subject">One line; fit to be shown.</param>
/// <param name="Text">Lines; fit to be shown.</param>
/// <param name="Thread">What it is about, such as the action's id; mails about the same stand together.</param>
/// <param name="Kind">What tells it from others about the same to the same person.</param>
internal sealed record EmailMessage(
    EmailAddress To, string Name, string Subject, string Text, string Thread, string Kind)
{
    private const int HashBytes = 12;

    /// <summary>
    /// As it goes out. A second attempt has the same <c>Message-ID</c> (RFC 5322 section 3.6.4), so that a mailbox that
    /// got both shows one.
    /// </summary>
    public MimeMessage ToMime(EmailAddress from, DateTimeOffset now)
    {
        var mime = new MimeMessage
        {
            Date = now,
            Subject = Inert(Subject),
            MessageId = $"{HashOf($"{Thread}\n{Kind}\n{To}")}@{from.Domain}",
            Body = new TextPart(TextFormat.Plain) { Text = Text },
        };
        mime.From.Add(new MailboxAddress("Countersign", from.Value));
        mime.To.Add(new MailboxAddress(Inert(Name), To.Value));
        // A mail that never existed is what all mails of the thread answer.
        mime.InReplyTo = $"{HashOf(Thread)}@{from.Domain}";
        mime.References.Add(mime.InReplyTo);
        // RFC 3834 section 5: no out-of-office reply answers this.
        mime.Headers.Add(HeaderId.AutoSubmitted, "auto-generated");
        mime.Prepare(EncodingConstraint.SevenBit);
        return mime;
    }

    /// <summary>
    /// A text that begins an encoded word (RFC 2047 section 2) by itself would be decoded by whoever reads it, and show
    /// something else.
    /// </summary>
    private static string Inert(string text) => text.Replace("=?", @"=\u{003F}", StringComparison.Ordinal);

    private static string HashOf(string text) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, HashBytes));
}
