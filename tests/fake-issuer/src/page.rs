//! The pages for people, plain as they are.

use crate::Person;

pub(crate) fn ask(people: &[Person], request: &str) -> String {
    let request = format!(
        "<input type=\"hidden\" name=\"request\" value=\"{}\">",
        escape(request)
    );
    let buttons: String = people
        .iter()
        .map(|person| {
            let (subject, name) = (escape(&person.subject), escape(&person.name));
            let email = escape(&person.email);
            format!(
                "<form method=\"post\" action=\"/authorize\">{request}\
                 <input type=\"hidden\" name=\"subject\" value=\"{subject}\">\
                 <p><button>{name}</button> {email}</p></form>"
            )
        })
        .collect();
    document(&format!(
        "<p>This is a provider of sign-in for development. Who do you want to be?</p>{buttons}\
         <form method=\"post\" action=\"/authorize\">{request}\
         <p><label>Subject <input name=\"subject\" required></label>\
         <label>E-mail <input name=\"email\" type=\"email\" required></label>\
         <label>Name <input name=\"name\"></label> <button>Somebody else</button></p></form>\
         <form method=\"post\" action=\"/authorize\">{request}\
         <input type=\"hidden\" name=\"subject\" value=\"\"><button>Deny</button></form>"
    ))
}

pub(crate) fn refuse(problem: &str) -> String {
    document(&format!("<p>This is no request: {}.</p>", escape(problem)))
}

fn document(body: &str) -> String {
    format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <link rel=\"icon\" href=\"data:,\">\
         <title>Example ID</title></head><body><h1>Example ID</h1>{body}</body></html>"
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
}
