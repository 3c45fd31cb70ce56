using System.Text;
using MimeKit;

namespace Countersign.Tests.Channels.Email;

/// <summary>A mail as a program of its recipient reads it; the end-to-end tests do without.</summary>
internal sealed partial record SmtpMail
{
    public MimeMessage Mime
    {
        get
        {
            using var bytes = new MemoryStream(Encoding.Latin1.GetBytes(Raw));
            return MimeMessage.Load(bytes);
        }
    }

    public string Text => Mime.TextBody!.ReplaceLineEndings("\n");
}
