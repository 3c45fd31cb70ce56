using Microsoft.AspNetCore.Http;

namespace Countersign.Server.Console.Endpoints;

/// <summary>Reads what a person typed into a form.</summary>
internal static class FormText
{
    /// <summary>A form sends line breaks as CR LF (WHATWG HTML section 4.10.21.4), whatever the person typed.</summary>
    public static string Of(IFormCollection form, string name) => form[name].ToString().ReplaceLineEndings("\n");
}
