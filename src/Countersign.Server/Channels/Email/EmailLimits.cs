namespace Countersign.Server.Channels.Email;

/// <summary>How much mail goes out, and how long a mail server may take.</summary>
internal static class EmailLimits
{
    public const int Subject = 200;

    /// <summary>Mails a minute unless the configuration says otherwise.</summary>
    public const int PerMinute = 60;

    public const int MostPerMinute = 6000;

    /// <summary>How many may go out at once after a quiet time.</summary>
    public const int Burst = 10;

    /// <summary>Mails over one connection; servers end a connection that is used for ever.</summary>
    public const int PerConnection = 50;

    /// <summary>Longest address (RFC 5321 section 4.5.3.1.3, without the angle brackets).</summary>
    public const int Address = 254;

    /// <summary>How long a connection that nobody used is kept.</summary>
    public static readonly TimeSpan Idle = TimeSpan.FromSeconds(20);

    /// <summary>How long one mail may take, with connecting and signing in.</summary>
    public static readonly TimeSpan Mail = TimeSpan.FromSeconds(45);

    /// <summary>How long a server that was there counts as there: asking more often looks like an attack.</summary>
    public static readonly TimeSpan Trust = TimeSpan.FromMinutes(5);

    /// <summary>After a refused password nothing is tried for so long: accounts are locked for less.</summary>
    public static readonly TimeSpan AfterPassword = TimeSpan.FromMinutes(5);

    /// <summary>How long it is remembered who was told of a notice; by then its message is settled.</summary>
    public static readonly TimeSpan NoticeMemory = TimeSpan.FromDays(7);

    /// <summary>How long one mail of a notice keeps another node from sending the same.</summary>
    public static readonly TimeSpan NoticeLease = TimeSpan.FromMinutes(2);
}
