namespace Countersign.Server.Channels.Email;

/// <summary>Puts the email channel into a node.</summary>
internal static class EmailHosting
{
    public static IServiceCollection AddEmail(this IServiceCollection services, EmailOptions options) => services
        .AddSingleton(options)
        .AddSingleton<EmailServer>()
        .AddSingleton<EmailCard>()
        .AddSingleton<EmailRecipients>()
        .AddSingleton<EmailOutbox.Rooms>()
        .AddOutbox<EmailOutbox>(new ChannelHealth(EmailOutbox.Channel, "The mail server"));
}
