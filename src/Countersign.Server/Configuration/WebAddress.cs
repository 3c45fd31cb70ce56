using Countersign.Core.Policies.Documents;
using Countersign.Core.Policies.Yaml;

namespace Countersign.Server.Configuration;

/// <summary>Reads absolute http and https addresses.</summary>
internal static class WebAddress
{
    public static Uri? Read(Section section, YamlNode node, string what)
    {
        if (Values.Text(node, what, section.Errors) is not { } text)
        {
            return null;
        }

        if (Uri.TryCreate(text.Text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https")
        {
            return uri;
        }

        section.Complain(node, $"{what} is an address like http://127.0.0.1:7070, not '{text.Text}'");
        return null;
    }
}
