namespace Countersign.Server.Channels.Email;

/// <summary>Puts the email channel into a node.</summary>
internal static class EmailHosting
{
    /// <param name="services">The node's.</param>
    /// <param name="options">What the configuration says.</param>
    /// <param name="key">Under which rows name who was told.</param>
    public static IServiceCollection AddEmail(
        this IServiceCollection services, EmailOptions options, byte[] key) => services
        .AddSingleton(options)
        .AddSingleton(new EmailMarks(key))
        .AddSingleton<EmailServer>()
        .AddSingleton<EmailCard>()
        .AddSingleton<EmailRecipients>()
        .AddSingleton<EmailOutbox.Rooms>()
        .AddOutbox<EmailOutbox>(new ChannelHealth(EmailOutbox.Channel, "The mail server"));
}
